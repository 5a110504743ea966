"""Asking the API in tests."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client


@dataclass(frozen=True)
class Answer:
    """Answer of the API."""

    status: int
    media_type: str
    headers: dict[str, str]
    document: Any


def assert_problem(answer: Answer) -> None:
    """Assert that a failure states its status and its reason."""
    assert answer.media_type == "application/problem+json", answer
    assert answer.document["status"] == answer.status
    assert answer.document["detail"]


@dataclass(frozen=True)
class Api:
    """A client that reads answers as JSON and checks that every failure is a problem."""

    client: Client

    def get(self, path: str, query: str = "", **headers: str) -> Answer:
        response = self.client.generic("GET", path, QUERY_STRING=query, headers=headers)
        answer = Answer(
            response.status_code,
            response.headers["Content-Type"],
            dict(response.headers),
            json.loads(response.content),
        )
        if answer.status >= 400:
            assert_problem(answer)
        return answer

    def history(self, series: str, query: str = "", symbol: str = "btc") -> Answer:
        return self.get(f"/api/v1/{series}/{symbol}/historique", query)

    def follow(self, url: str) -> Answer:
        path, _, query = url.partition("?")
        return self.get(path, query)
