"""Pages of other origins: who may read, what preflights answer, and that sessions never go with it."""

from collections.abc import Callable
from typing import Any

import pytest
from corsheaders.middleware import CorsMiddleware
from django.conf import settings as django_settings
from django.test import Client

from lakehouse.process.settings import Settings

PAGE = "https://viewer.example"
LISTED = "https://viewer.example, http://localhost:5173"
Ask = Callable[..., Any]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Ask]:
    """Return what asks an API whose CORS setting is given."""

    def with_origins(text: str) -> Ask:
        names = Settings(cors_origins=text).cors_origins.split(",")
        monkeypatch.setattr(django_settings, "CORS_ALLOW_ALL_ORIGINS", "*" in names)
        monkeypatch.setattr(django_settings, "CORS_ALLOWED_ORIGINS", [name for name in names if name != "*"])
        middleware = [name for name in django_settings.MIDDLEWARE if not name.startswith("corsheaders")]
        at = middleware.index("api.access.hosts.HostMiddleware")
        cors = f"{CorsMiddleware.__module__}.{CorsMiddleware.__name__}"
        monkeypatch.setattr(django_settings, "MIDDLEWARE", [*middleware[:at], cors, *middleware[at:]])
        return Client(raise_request_exception=False).generic

    return with_origins


@pytest.mark.parametrize(
    ("listed", "page", "allowed"),
    [
        (LISTED, PAGE, PAGE),
        (LISTED, "http://localhost:5173", "http://localhost:5173"),
        ("https://VIEWER.example:443", PAGE, PAGE),
        (LISTED, "https://evil.example", None),
        (LISTED, "https://viewer.example.evil", None),
        (LISTED, "http://viewer.example", None),
        (LISTED, "https://viewer.example:8443", None),
        (LISTED, "http://localhost:3000", None),
        (LISTED, "null", None),
        ("*", "https://anything.example", "*"),
        ("*", "null", "*"),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/schema", "/api/v1/schema/", "/api/v1/nothing", "/api/v1/vues"])
def test_pages_that_are_listed_may_read_answers_and_problems(
    ask: Callable[[str], Ask], listed: str, page: str, allowed: str | None, path: str
) -> None:
    response = ask(listed)("GET", path, headers={"origin": page})
    assert response.headers.get("Access-Control-Allow-Origin") == allowed
    assert "Access-Control-Allow-Credentials" not in response.headers
    if listed != "*":
        assert "origin" in response.headers["Vary"].lower()


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [
        ("/api/v1/sentiment/btc/historique", "GET", "if-none-match"),
        ("/api/v1/vues", "POST", "authorization, content-type"),
        ("/api/v1/vues/1", "PATCH", "authorization,content-type,if-match"),
        ("/api/v1/vues/1", "DELETE", "authorization,if-match"),
        ("/api/v1/jetons/1/", "DELETE", "authorization"),
    ],
)
def test_preflight_allows_what_programs_send(
    ask: Callable[[str], Ask], path: str, method: str, headers: str
) -> None:
    sent = {
        "origin": PAGE,
        "access-control-request-method": method,
        "access-control-request-headers": headers,
    }
    response = ask(LISTED)("OPTIONS", path, headers=sent)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Access-Control-Allow-Origin"] == PAGE
    assert method in response.headers["Access-Control-Allow-Methods"].split(", ")
    allowed = response.headers["Access-Control-Allow-Headers"].split(", ")
    assert {name.strip() for name in headers.split(",")} <= set(allowed)
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    "page", ["null", "https://evil.example", "http://viewer.example", "https://viewer.example:444"]
)
def test_preflight_of_another_page_allows_nothing(ask: Callable[[str], Ask], page: str) -> None:
    sent = {"origin": page, "access-control-request-method": "PATCH"}
    response = ask(LISTED)("OPTIONS", "/api/v1/vues/1", headers=sent)
    assert "Access-Control-Allow-Origin" not in response.headers
    assert "Access-Control-Allow-Methods" not in response.headers


def test_headers_of_answers_can_be_read_by_pages(ask: Callable[[str], Ask]) -> None:
    response = ask(LISTED)("GET", "/api/v1/schema", headers={"origin": PAGE})
    exposed = set(response.headers["Access-Control-Expose-Headers"].split(", "))
    assert {"etag", "link", "location", "retry-after", "cryptoviz-snapshot"} <= exposed


@pytest.mark.parametrize("path", ["/", "/healthz", "/admin/login/", "/connexion"])
def test_only_the_api_is_read_by_other_pages(ask: Callable[[str], Ask], path: str) -> None:
    assert "Access-Control-Allow-Origin" not in ask(LISTED)("GET", path, headers={"origin": PAGE}).headers
