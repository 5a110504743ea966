"""Somebody who asks in tests: by session with CSRF checked, by token, or nobody."""

import json
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from api.access.models import create_token
from tests.support.api_client import Answer, assert_problem


class Person:
    """Every failure must be a problem."""

    def __init__(self, user: Any = None, *, scopes: list[str] | None = None, days: float = 1.0) -> None:
        self.client = Client(raise_request_exception=False, enforce_csrf_checks=True)
        self.headers: dict[str, str] = {}
        if scopes is not None:
            expires_time = timezone.now() + timedelta(days=days)
            _, text = create_token(owner=user, name="test", scopes=scopes, expires_time=expires_time)
            self.headers = {"Authorization": f"Bearer {text}"}
        elif user is not None:
            self.client.force_login(user)
            self.headers = {"X-CSRFToken": self.ask("GET", "/api/v1/session").document["csrf_token"]}

    def ask(self, method: str, path: str, body: Any = None, **more: str) -> Answer:
        names = {name.replace("_", "-"): value for name, value in more.items()}
        path, _, query = path.partition("?")
        response = self.client.generic(
            method,
            path,
            data=b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode(),
            content_type="application/json",
            QUERY_STRING=query,
            headers=self.headers | names,
        )
        if response.streaming or not response.content:
            document = None
        elif "json" not in response.headers["Content-Type"]:
            document = response.content.decode()
        else:
            document = json.loads(response.content)
        answer = Answer(
            response.status_code, response.headers.get("Content-Type", ""), dict(response.headers), document
        )
        if path.startswith("/api/") and answer.status >= 400 and method != "HEAD":
            assert_problem(answer)
        return answer
