"""Operations of the OpenAPI document: each with an id, a tag, a description, security and its responses."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from api.http.json_schema import Document
from api.http.problem_responses import responses_of


class Tag(StrEnum):
    """Group of operations."""

    HISTORIES = "Histories"
    STATE = "State"
    CATALOGUE = "Catalogue"
    VIEWS = "Saved views"
    ACCOUNTS = "Accounts"
    OPERATION = "Operation"


TAGS: Mapping[Tag, str] = {
    Tag.HISTORIES: "Sentiment, predictions and prices of a symbol over time, and what its forecasts were worth",
    Tag.STATE: "Which symbols there are, how the tables stand, whether the process answers",
    Tag.CATALOGUE: "Assets and sources, as staff describes them",
    Tag.VIEWS: "Views of the viewer that a person saved, and shared ones",
    Tag.ACCOUNTS: "Tokens of one's own, and who the request comes from",
    Tag.OPERATION: "Runtime configuration and runs of the table service, for staff",
}
ANYBODY: list[Document] = []
OPEN_BY_DEFAULT: list[Document] = [{}, {"token": []}, {"session": []}]
"""Anybody, unless the operator closes histories."""
SIGNED_IN: list[Document] = [{"token": []}, {"session": []}]
PERSON: list[Document] = [{"session": []}]


def operation(
    operation_id: str,
    tag: Tag,
    summary: str,
    description: str,
    *,
    schema: Document | None,
    security: list[Document],
    meaning: str = "the answer",
    failures: Sequence[str] = (),
    status: str = "200",
    body: Document | None = None,
    parameters: Sequence[Document] = (),
    headers: Document | None = None,
) -> Document:
    """Return one operation. ``failures`` are statuses beyond those that every operation may answer with."""
    document: dict[str, Any] = {
        "operationId": operation_id,
        "tags": [tag.value],
        "summary": summary,
        "description": description,
        "security": security,
        "responses": responses_of(schema, meaning, *failures, status=status, headers=headers),
    }
    if parameters:
        document["parameters"] = list(parameters)
    if body is not None:
        document["requestBody"] = body
    return document
