"""Saved views: private, validated, shared by link, changed under If-Match."""

from typing import Any

import pytest

from api.metadata.models import ConfigurationEntry, SavedView
from tests.support.api_user import Person

VIEWS = "/api/v1/vues"
LIVE = {"symbol": "btc", "range": "24h", "model": "drift", "horizon": "1h"}
HELD = {"symbol": "eth", "span": {"from": "2026-01-01T00:00:00Z", "to": "2026-01-08T00:00:00Z"}, "lang": "fr"}


def saved(person: Person, name: str = "mine", **more: Any) -> Any:
    answer = person.ask("POST", VIEWS, {"name": name, "parameters": LIVE} | more)
    assert answer.status == 201, answer
    return answer


def test_view_is_made_and_read_back(people: dict[str, Any]) -> None:
    ann = Person(people["ann"])
    made = saved(ann, parameters=HELD)
    again = ann.ask("GET", made.headers["Location"])
    assert (again.status, again.headers["ETag"], again.document) == (200, '"1"', made.document)
    assert (again.document["parameters"], again.document["link"]) == (HELD, None)
    assert again.headers["Cache-Control"] == "private, no-cache"


def test_another_users_view_is_not_there(people: dict[str, Any]) -> None:
    path = saved(Person(people["ann"])).headers["Location"]
    for other in (Person(people["bob"]), Person(people["staff"])):
        assert other.ask("GET", path).status == 404
        assert other.ask("PATCH", path, {"name": "taken"}, If_Match="*").status == 404
        assert other.ask("DELETE", path, If_Match="*").status == 404
        assert other.ask("GET", VIEWS).document["elements"] == []
    assert SavedView.objects.get().name == "mine"


def test_change_without_a_version_is_428_and_of_an_old_one_412(people: dict[str, Any]) -> None:
    ann = Person(people["ann"])
    path = saved(ann).headers["Location"]
    assert ann.ask("PATCH", path, {"name": "a"}).status == 428
    first = ann.ask("PATCH", path, {"name": "a"}, If_Match='"1"')
    assert (first.status, first.headers["ETag"], first.document["name"]) == (200, '"2"', "a")
    assert ann.ask("PATCH", path, {"name": "b"}, If_Match='"1"').status == 412
    assert ann.ask("DELETE", path, If_Match='"1"').status == 412
    assert ann.ask("DELETE", path).status == 428
    assert ann.ask("DELETE", path, If_Match='"7", W/"2"').status == 204
    assert ann.ask("GET", path).status == 404


def test_change_leaves_what_it_does_not_name(people: dict[str, Any]) -> None:
    ann = Person(people["ann"])
    path = saved(ann).headers["Location"]
    changed = ann.ask("PATCH", path, {"parameters": HELD}, If_Match="*").document
    assert (changed["name"], changed["parameters"]) == ("mine", HELD)


def test_link_shows_what_is_saved_and_not_whose_until_it_is_withdrawn(people: dict[str, Any]) -> None:
    ann, nobody = Person(people["ann"]), Person()
    made = saved(ann, shared=True)
    link = made.document["link"]
    shared = nobody.ask("GET", link)
    assert (shared.status, sorted(shared.document)) == (200, ["changed_time", "name", "parameters"])
    assert nobody.ask("PATCH", link, {"name": "x"}, If_Match="*").status == 405
    withdrawn = ann.ask("PATCH", made.headers["Location"], {"shared": False}, If_Match='"1"')
    assert withdrawn.document["link"] is None
    assert nobody.ask("GET", link).status == 404
    again = ann.ask("PATCH", made.headers["Location"], {"shared": True}, If_Match='"2"')
    assert again.document["link"] not in (None, link)
    unchanged = ann.ask("PATCH", made.headers["Location"], {"shared": True}, If_Match='"3"')
    assert unchanged.document["link"] == again.document["link"]


def test_second_view_of_a_name_is_409(people: dict[str, Any]) -> None:
    ann = Person(people["ann"])
    saved(ann)
    assert ann.ask("POST", VIEWS, {"name": "mine", "parameters": LIVE}).status == 409
    saved(Person(people["bob"]))


def test_no_more_views_than_configured(people: dict[str, Any]) -> None:
    ConfigurationEntry.objects.filter(name="views_of_user").update(value=2)
    ann = Person(people["ann"])
    saved(ann, "a")
    saved(ann, "b")
    refused = ann.ask("POST", VIEWS, {"name": "c", "parameters": LIVE})
    assert (refused.status, refused.document["detail"]) == (
        409,
        "2 views are saved already, as many as one user may",
    )


def test_pages_hold_each_view_once(people: dict[str, Any]) -> None:
    ann = Person(people["ann"])
    for n in range(7):
        saved(ann, f"v{n}")
    seen, path = [], f"{VIEWS}?limite=3"
    while path:
        page = ann.ask("GET", path).document
        assert len(page["elements"]) <= 3
        seen += [view["name"] for view in page["elements"]]
        path = page["suivant"]
    assert seen == [f"v{n}" for n in range(7)]


@pytest.mark.parametrize(
    "query",
    [
        "limite=0",
        "limite=201",
        "limite=x",
        "limite=%D9%A3",
        "apres=x",
        "apres=%00",
        "a=1",
        "limite=1&limite=2",
    ],
)
def test_wrong_page_is_400_and_named(people: dict[str, Any], query: str) -> None:
    refused = Person(people["ann"]).ask("GET", f"{VIEWS}?{query}")
    assert (refused.status, refused.document["parameter"]) == (400, query.partition("=")[0])


@pytest.mark.parametrize(
    "parameters",
    [
        None,
        [],
        "x",
        {"symbol": "BTC!"},
        {"symbol": "btc\n"},
        {"model": "\n"},
        {"symbol": 1},
        {"range": "8d"},
        {"unknown": 1},
        {"span": {"from": "2026-01-01T00:00:00Z"}},
        {"span": {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}},
        {"span": {"from": "2020-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}},
        {"span": {"from": "2026-01-01T00:00:00", "to": "2026-01-02T00:00:00"}},
        {"at": "0000-99-99T00:00:00Z"},
        {"model": "<script>"},
        {"horizon": "0m"},
        {"lang": "de"},
    ],
)
def test_parameters_that_no_viewer_understands_are_refused(people: dict[str, Any], parameters: Any) -> None:
    refused = Person(people["ann"]).ask("POST", VIEWS, {"name": "x", "parameters": parameters})
    assert (refused.status, refused.document["parameter"]) == (400, "parameters")
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"\xff", 400),
        (b'{"name": "\\ud800", "parameters": {}}', 400),
        (b'{"name": "\\u0000", "parameters": {}}', 400),
        (b'{"name": "' + b"x" * 81 + b'", "parameters": {}}', 400),
        (b'{"name": "x", "parameters": {}, "owner": 1}', 400),
        (b'{"name": 1, "parameters": {}}', 400),
        (b'{"name": "x", "parameters": {}, "shared": 1}', 400),
        (b'{"name": "x", "parameters": {}, "shared": "yes"}', 400),
        (b'{"name": "x", "parameters": {}, "link": "' + b"a" * 22 + b'"}', 400),
        (b'{"name": "x", "parameters": ' + b"[" * 60_000, 400),
        (b'{"name": "x", "parameters": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001, 400),
        (b'{"name": "' + b"x" * 70_000 + b'"}', 413),
    ],
)
def test_hostile_body_is_a_problem(people: dict[str, Any], body: bytes, status: int) -> None:
    assert Person(people["ann"]).ask("POST", VIEWS, body).status == status
    assert not SavedView.objects.exists()


def test_body_that_is_no_json_is_415(people: dict[str, Any]) -> None:
    ann = Person(people["ann"])
    csrf = ann.ask("GET", "/api/v1/session").document["csrf_token"]
    answer = ann.client.post(VIEWS, data={"name": "x"}, headers={"X-CSRFToken": csrf})
    assert (answer.status_code, answer.headers["Content-Type"]) == (415, "application/problem+json")


def test_change_by_session_needs_the_csrf_token(people: dict[str, Any]) -> None:
    answer = Person(people["ann"]).ask("POST", VIEWS, {"name": "x", "parameters": {}}, X_CSRFToken="no")
    assert answer.status == 403
    assert not SavedView.objects.exists()
