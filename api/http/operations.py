"""Operations of the OpenAPI document, each with an id, a tag, security and its responses; problems are components."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from api.http.encoding import PROBLEM_MEDIA_TYPE
from api.http.json_schema import COUNT, STRING, Document, described, map_of, object_of, reference
from api.http.query import ENGLISH_NAMES

_RETRY_AFTER: Document = {
    "Retry-After": {"description": "seconds after which the same request may succeed", "schema": COUNT}
}
RATE_HEADERS: Document = {
    "RateLimit-Policy": {
        "description": "where the operator set a rate: requests (q) in so many seconds (w), by address or user",
        "schema": STRING,
    },
    "RateLimit": {
        "description": "where the operator set a rate: requests that are left (r), seconds until there is one more (t)",
        "schema": STRING,
    },
}
PROBLEM_SCHEMA: Document = {
    **object_of(
        {
            "type": described(STRING, "about:blank: the status says what kind of problem it is"),
            "title": described(STRING, "phrase of the status"),
            "status": described({"type": "integer"}, "HTTP status"),
            "detail": described(STRING, "what is wrong, for people"),
            "parameter": described(STRING, "name of the parameter or member that is wrong"),
            "accepted": described(STRING, "what would be right in its place"),
            "see": described(STRING, "path that lists what there is"),
            "available": described(
                STRING, "of what is gone: the versions, or the first instant, that can be read"
            ),
            "errors": described(
                map_of(STRING), "every member of a body, or symbol of a list, that is wrong, with the reason"
            ),
        }
    ),
    "required": ["type", "title", "status", "detail"],
    "description": "A problem of RFC 9457. Members that do not apply are absent.",
}


@dataclass(frozen=True, slots=True)
class ProblemResponse:
    """A status that is answered with a problem: the name of its component, when it occurs, its headers."""

    name: str
    meaning: str
    headers: Document = field(default_factory=dict)

    def to_document(self) -> Document:
        """Return the response object."""
        content = {PROBLEM_MEDIA_TYPE: {"schema": reference("Problem")}}
        document: Document = {"description": self.meaning, "content": content}
        return {**document, "headers": self.headers} if self.headers else document


PROBLEMS: Mapping[str, ProblemResponse] = {
    "400": ProblemResponse(
        "BadRequest", "A parameter or a body is wrong, unknown, repeated or contradicts another."
    ),
    "401": ProblemResponse(
        "Unauthorized",
        "Nobody is signed in, or the token is unknown, expired or revoked.",
        {"WWW-Authenticate": {"description": "Bearer", "schema": STRING}},
    ),
    "403": ProblemResponse("Forbidden", "The person or the token may not do this."),
    "404": ProblemResponse("NotFound", "The symbol or the row is unknown."),
    "405": ProblemResponse(
        "MethodNotAllowed",
        "The path does not take this method.",
        {"Allow": {"description": "the methods that it takes", "schema": STRING}},
    ),
    "406": ProblemResponse(
        "NotAcceptable", "No media type of Accept is made here; `accepted` lists those that are."
    ),
    "409": ProblemResponse("Conflict", "The row would contradict another one."),
    "410": ProblemResponse(
        "Gone", "The version or instant can no longer be read; `available` names what can."
    ),
    "412": ProblemResponse(
        "PreconditionFailed", "The row was changed meanwhile: get it again, and change that."
    ),
    "413": ProblemResponse("ContentTooLarge", "The body is larger than any resource."),
    "415": ProblemResponse("UnsupportedMediaType", "The body is not application/json."),
    "428": ProblemResponse(
        "PreconditionRequired", "If-Match is missing: a change names the ETag of what it changes."
    ),
    "429": ProblemResponse(
        "TooManyRequests", "The rate that the operator set is exceeded.", RATE_HEADERS | _RETRY_AFTER
    ),
    "503": ProblemResponse(
        "Unavailable",
        "A table does not exist yet or is of an older layout, the process is behind or busy, or the request costs too "
        "much: then `accepted` names a cheaper one.",
        _RETRY_AFTER,
    ),
}
ALWAYS = ("400", "401", "403", "405", "406", "429", "503")
"""Statuses that every operation may answer with."""


def problem_components() -> Document:
    """Return {name: response} of every problem."""
    return {response.name: response.to_document() for response in PROBLEMS.values()}


def responses_of(
    schema: Document | None,
    meaning: str,
    *failures: str,
    status: str = "200",
    headers: Document | None = None,
) -> Document:
    """Return the responses of an operation: its JSON (None: no body), and a problem for each failing status."""
    answer: Document = {"description": meaning}
    answers = {status: answer}
    if schema is not None:
        answer["content"] = {"application/json": {"schema": schema}}
    answer["headers"] = RATE_HEADERS | (headers or {})
    for number in sorted({*ALWAYS, *failures}):
        answers[number] = {"$ref": f"#/components/responses/{PROBLEMS[number].name}"}
    return answers


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
    Tag.CATALOGUE: "Assets, entities and sources, as staff describes them",
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
        document["parameters"] = [_in_both_languages(parameter) for parameter in parameters]
    if body is not None:
        document["requestBody"] = body
    return document


def _in_both_languages(parameter: Document) -> Document:
    """Return a parameter with its English name, where it has one."""
    english = ENGLISH_NAMES.get(parameter["name"]) if parameter["in"] == "query" else None
    return parameter if english is None else {**parameter, "x-english-name": english}
