"""Every endpoint, and the WebSocket, by who asks: nobody, a user, another user, staff, an expired token."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.urls import get_resolver

from api.live.authorization import is_authorized
from api.process import lake as lakes
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.lake import Lake
from lakehouse.process.settings import Settings
from tests.support.api_user import Person
from tests.support.lake_builder import build_lake

ASKERS = ("nobody", "ann", "bob", "staff", "reader", "expired")
ASSET = {"symbol": "zzz", "name": "Zed"}
ENTITY = {"name": "zedex", "title": "Zedex", "kind": "exchange"}
SOURCE = {"name": "wire", "kind": "news", "title": "Wire"}
VIEW = {"name": "x", "parameters": {}}
TOKEN = {"name": "x", "scopes": ["views:read"]}
V = "/api/v1"
OPEN = (200, 200, 200, 200, 200, 401)
CLOSED = (401, 200, 200, 200, 200, 401)
STAFF = (401, 403, 403, 200, 403, 401)
# (route, method, path, body, statuses of ASKERS where histories are open, and where they are closed)
# `reader` is ann's token for history:read; {view} and {token} are ann's own, {link} is that of her view.
MATRIX: tuple[tuple[str, str, str, Any, tuple[int, ...], tuple[int, ...]], ...] = (
    ("sentiment-historique", "GET", f"{V}/sentiment/btc/historique", None, OPEN, CLOSED),
    ("prediction-historique", "GET", f"{V}/prediction/btc/historique", None, OPEN, CLOSED),
    ("prix-historique", "GET", f"{V}/prix/btc/historique", None, OPEN, CLOSED),
    ("sentiment-historiques", "GET", f"{V}/sentiment/historique?symboles=btc", None, OPEN, CLOSED),
    ("prediction-historiques", "GET", f"{V}/prediction/historique?symboles=btc", None, OPEN, CLOSED),
    ("prix-historiques", "GET", f"{V}/prix/historique?symboles=btc", None, OPEN, CLOSED),
    ("prediction-score", "GET", f"{V}/prediction/btc/score", None, OPEN, CLOSED),
    ("apercu", "GET", f"{V}/apercu", None, OPEN, CLOSED),
    ("actifs", "GET", f"{V}/actifs", None, OPEN, CLOSED),
    ("etat", "GET", f"{V}/etat", None, OPEN, CLOSED),
    ("schema", "GET", f"{V}/schema", None, (200,) * 6, (200,) * 6),
    ("docs", "GET", f"{V}/docs", None, (200,) * 6, (200,) * 6),
    ("docs-file", "GET", f"{V}/docs/0/start.js", None, (404,) * 6, (404,) * 6),
    ("healthz", "GET", "/healthz", None, (200,) * 6, (200,) * 6),
    ("readyz", "GET", "/readyz", None, (200,) * 6, (200,) * 6),
    ("metrics", "GET", "/metrics", None, OPEN, CLOSED),
    ("session", "GET", f"{V}/session", None, OPEN, OPEN),
    ("catalogue-actifs", "GET", f"{V}/catalogue/actifs", None, OPEN, CLOSED),
    ("catalogue-actifs", "POST", f"{V}/catalogue/actifs", ASSET, (401, 403, 403, 201, 403, 401), ()),
    ("catalogue-actif", "GET", f"{V}/catalogue/actifs/btc", None, OPEN, CLOSED),
    ("catalogue-actif", "PATCH", f"{V}/catalogue/actifs/btc", {"name": "x"}, STAFF, ()),
    ("catalogue-actif", "DELETE", f"{V}/catalogue/actifs/btc", None, (401, 403, 403, 204, 403, 401), ()),
    ("catalogue-entites", "GET", f"{V}/catalogue/entites", None, OPEN, CLOSED),
    ("catalogue-entites", "POST", f"{V}/catalogue/entites", ENTITY, (401, 403, 403, 201, 403, 401), ()),
    ("catalogue-entite", "GET", f"{V}/catalogue/entites/binance", None, OPEN, CLOSED),
    ("catalogue-entite", "PATCH", f"{V}/catalogue/entites/binance", {"title": "x"}, STAFF, ()),
    (
        "catalogue-entite",
        "DELETE",
        f"{V}/catalogue/entites/binance",
        None,
        (401, 403, 403, 204, 403, 401),
        (),
    ),
    ("catalogue-sources", "GET", f"{V}/catalogue/sources", None, OPEN, CLOSED),
    ("catalogue-sources", "POST", f"{V}/catalogue/sources", SOURCE, (401, 403, 403, 201, 403, 401), ()),
    ("catalogue-source", "GET", f"{V}/catalogue/sources/simx", None, OPEN, CLOSED),
    ("catalogue-source", "PATCH", f"{V}/catalogue/sources/simx", {"title": "x"}, STAFF, ()),
    ("catalogue-source", "DELETE", f"{V}/catalogue/sources/simx", None, (401, 403, 403, 204, 403, 401), ()),
    ("vues", "GET", f"{V}/vues", None, (401, 200, 200, 200, 403, 401), ()),
    ("vues", "POST", f"{V}/vues", VIEW, (401, 201, 201, 201, 403, 401), ()),
    ("vue", "GET", f"{V}/vues/{{view}}", None, (401, 200, 404, 404, 403, 401), ()),
    ("vue", "PATCH", f"{V}/vues/{{view}}", {"name": "y"}, (401, 200, 404, 404, 403, 401), ()),
    ("vue", "DELETE", f"{V}/vues/{{view}}", None, (401, 204, 404, 404, 403, 401), ()),
    ("vue-partagee", "GET", f"{V}/vues/partagees/{{link}}", None, OPEN, CLOSED),
    ("jetons", "GET", f"{V}/jetons", None, (401, 200, 200, 200, 403, 401), ()),
    ("jetons", "POST", f"{V}/jetons", TOKEN, (401, 201, 201, 201, 403, 401), ()),
    ("jeton", "GET", f"{V}/jetons/{{token}}", None, (401, 200, 404, 404, 403, 401), ()),
    ("jeton", "DELETE", f"{V}/jetons/{{token}}", None, (401, 204, 404, 404, 403, 401), ()),
    ("configuration", "GET", f"{V}/configuration", None, STAFF, ()),
    ("configuration-entry", "GET", f"{V}/configuration/notice", None, STAFF, ()),
    ("configuration-entry", "PATCH", f"{V}/configuration/notice", {"value": "x"}, STAFF, ()),
    ("configuration-historique", "GET", f"{V}/configuration/notice/historique", None, STAFF, ()),
    ("maintenance", "GET", f"{V}/maintenance", None, STAFF, ()),
    ("connexion", "GET", "/connexion", None, (200,) * 6, ()),
    ("deconnexion", "GET", "/deconnexion", None, (200,) * 6, ()),
    ("viewer", "GET", "/", None, (200,) * 6, (302, 200, 200, 200, 302, 302)),
    ("viewer-file", "GET", "/viewer/0/main.js", None, (404,) * 6, ()),
)


@pytest.fixture(scope="module")
def lake_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lake")
    builder = build_lake(path, sentiment=[{}], prediction=[{}], price=[{}])
    refresh_scores(Lake(builder.location))
    return path


@pytest.fixture
def ask(
    people: dict[str, Any],
    lake_path: Path,
    api_of: Callable[[Path], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., int]:
    api_of(lake_path)

    def answer(who: str, method: str, path: str, body: Any, *, is_open: bool) -> int:
        settings = django_settings.CRYPTOVIZ.model_copy(update={"history_open": is_open})
        monkeypatch.setattr(django_settings, "CRYPTOVIZ", settings)
        lakes.current_settings.cache_clear()
        if "{" in path:
            path = path.format(**made_by(Person(people["ann"])))
        conditions = {} if method == "GET" else {"If_Match": "*"}
        return to_person(who, people).ask(method, path, body, **conditions).status

    return answer


def made_by(person: Person) -> dict[str, str]:
    """Return the id and link of a view, and the id of a token, that a person makes."""
    view = person.ask("POST", f"{V}/vues", {"name": "hers", "parameters": {}, "shared": True}).document
    token = person.ask("POST", f"{V}/jetons", TOKEN).document
    return {"view": view["id"], "link": view["link"].rpartition("/")[2], "token": token["id"]}


def to_person(who: str, people: dict[str, Any]) -> Person:
    if who == "nobody":
        return Person()
    if who in ("reader", "expired"):
        return Person(people["ann"], scopes=["history:read"], days=1 if who == "reader" else -1)
    return Person(people[who])


@pytest.mark.parametrize(
    ("method", "path", "body", "who", "is_open", "status"),
    [
        pytest.param(
            method,
            path,
            body,
            who,
            is_open,
            (opened if is_open else closed or opened)[ASKERS.index(who)],
            id=f"{method} {path} {who} {'open' if is_open else 'closed'}",
        )
        for _, method, path, body, opened, closed in MATRIX
        for who in ASKERS
        for is_open in (True, False)
    ],
)
def test_who_may(
    ask: Callable[..., int], method: str, path: str, body: Any, who: str, is_open: bool, status: int
) -> None:
    given = ask(who, method, path, body, is_open=is_open)
    if path == "/" and given == 503:
        pytest.skip("the viewer is not built")
    assert given == status


def test_matrix_names_every_route() -> None:
    served = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    assert served == {route for route, *_ in MATRIX}


def test_matrix_names_every_method() -> None:
    document = Person().ask("GET", f"{V}/schema").document
    published = {
        (method.upper(), path.partition("{")[0].rstrip("/"))
        for path, operations in document["paths"].items()
        for method in operations
        if method != "parameters"
    }
    listed = {
        (method, path.format(view="{", link="{", token="{").partition("{")[0].rstrip("/"))
        for _, method, path, *_ in MATRIX
    }
    unlisted = {
        (method, path)
        for method, path in published
        if not any(method == own and one.startswith(path) for own, one in listed)
    }
    assert unlisted == set()


@pytest.mark.parametrize("who", ASKERS)
@pytest.mark.parametrize("is_open", [True, False])
def test_who_may_follow_the_websocket(people: dict[str, Any], who: str, is_open: bool) -> None:
    person = to_person(who, people)
    headers = [(name.lower().encode(), text.encode()) for name, text in person.headers.items()]
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in person.client.cookies.items())
    if cookies:
        headers.append((b"cookie", cookies.encode()))
    settings = Settings(history_open=is_open)
    may = asyncio.run(_follows(headers, settings))
    assert may == (is_open or who in ("ann", "bob", "staff", "reader"))


async def _follows(headers: list[tuple[bytes, bytes]], settings: Settings) -> bool:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(django_settings, "CRYPTOVIZ", settings)
        lakes.current_settings.cache_clear()
        try:
            return await is_authorized({"headers": headers})
        finally:
            lakes.current_settings.cache_clear()
