"""Every page of the admin, by who opens it: a superuser, staff without a permission, staff that may look, nobody."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from api.access.models import ApiToken
from tests.support.admin_pages import (
    HOSTILE,
    MODELS,
    NEVER_ADDED,
    NEVER_CHANGED,
    NEVER_DELETED,
    client_of,
    path_of,
    paths_of,
    staff_with,
)


def test_rows_are_there_for_every_page(rows: dict[str, Any]) -> None:
    assert rows.keys() - {"text"} == MODELS.keys()


@pytest.mark.parametrize("label", MODELS)
def test_superuser_opens_every_page(rows: dict[str, Any], superuser: Client, label: str) -> None:
    for name, path in paths_of(label, rows[label]).items():
        refused = (name == "add" and label in NEVER_ADDED) or (name == "delete" and label in NEVER_DELETED)
        page = superuser.get(path)
        assert page.status_code == (403 if refused else 200), path
        assert HOSTILE not in page.content.decode()


@pytest.mark.parametrize("label", MODELS)
def test_lists_are_searched_sorted_and_filtered_by_all_that_they_offer(
    rows: dict[str, Any], superuser: Client, label: str
) -> None:
    base = path_of(label)
    page = superuser.get(base).content.decode()
    offered = set(re.findall(r'href="(\?[^"]+)"', page))
    assert offered, "nothing to sort or filter by"
    for query in offered:
        assert superuser.get(base + query.replace("&amp;", "&")).status_code == 200, query
    assert admin.site._registry[MODELS[label]].search_fields
    for text in ("\0", "'\"%_\\", "🙂" * 99, "x y z"):
        assert superuser.get(base, {"q": text}).status_code == 200, text


@pytest.mark.parametrize("label", MODELS)
def test_address_that_nothing_offers_is_no_fault(rows: dict[str, Any], superuser: Client, label: str) -> None:
    for query in ("?o=999", "?p=99999", "?e=1", "?nothing=1", "?version__gt=x", "?pk__in=a,b"):
        assert superuser.get(path_of(label) + query).status_code in (200, 302, 400), query
    for pk in ("0", "nobody", "_00", "a" * 300, "%00", "..%2f..%2f"):
        assert superuser.get(f"{path_of(label)}{pk}/change/").status_code in (302, 404), pk


@pytest.mark.parametrize("label", MODELS)
def test_staff_without_permission_and_others_open_nothing(
    people: dict[str, Any], rows: dict[str, Any], label: str
) -> None:
    clerk = staff_with()
    for path in paths_of(label, rows[label]).values():
        assert clerk.get(path).status_code == 403, path
        assert clerk.post(path, {"post": "yes"}).status_code == 403, path
        for other in (None, people["ann"]):
            sent = client_of(other).get(path)
            assert (sent.status_code, sent.headers["Location"].partition("?")[0]) == (302, "/admin/login/")


@pytest.mark.parametrize("label", MODELS)
def test_staff_that_may_look_changes_nothing(rows: dict[str, Any], label: str) -> None:
    clerk, row = staff_with(f"view_{label.partition('.')[2]}"), rows[label]
    places = paths_of(label, row)
    for name in ("list", "search", "change", "history"):
        assert clerk.get(places[name]).status_code == 200, name
    for name in ("add", "delete"):
        assert clerk.get(places[name]).status_code == 403, name
    before = MODELS[label].objects.filter(pk=row.pk).values().get()
    assert clerk.post(places["change"], {"name": "taken", "value": "1"}).status_code == 403
    acted = clerk.post(
        places["list"], {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
    )
    assert acted.status_code in (200, 302)
    assert MODELS[label].objects.filter(pk=row.pk).values().get() == before


@pytest.mark.parametrize("label", NEVER_CHANGED)
def test_record_is_not_edited_by_a_superuser_either(
    rows: dict[str, Any], superuser: Client, label: str
) -> None:
    row, places = rows[label], paths_of(label, rows[label])
    before = MODELS[label].objects.filter(pk=row.pk).values().get()
    assert b'name="_save"' not in superuser.get(places["change"]).content
    assert superuser.post(places["change"], {"name": "x", "error": ""}).status_code == 403
    assert superuser.post(places["add"], {"name": "x"}).status_code == 403
    if label in NEVER_DELETED:
        assert superuser.post(places["delete"], {"post": "yes"}).status_code == 403
        superuser.post(
            places["list"], {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
        )
    assert MODELS[label].objects.filter(pk=row.pk).values().get() == before


def test_token_never_shows_its_text_or_hash(rows: dict[str, Any], superuser: Client) -> None:
    token, secret = rows["access.apitoken"], rows["text"].rpartition("_")[2]
    for path in paths_of("access.apitoken", token).values():
        page = superuser.get(path).content.decode()
        assert secret not in page
        assert token.secret_hash not in page
    page = superuser.get(path_of("access.apitoken"), {"q": token.secret_hash[:9]})
    assert token.key not in page.content.decode()


@pytest.mark.parametrize(
    ("label", "query"),
    [
        ("access.apitoken", "secret_hash__startswith=a"),
        ("access.apitoken", "secret_hash=a"),
        ("access.apitoken", "owner__password__startswith=p"),
        ("metadata.savedview", "name__startswith=h"),
        ("metadata.savedview", "link__startswith=a"),
        ("metadata.savedview", "parameters__symbol=eth"),
        ("metadata.savedview", "owner__api_tokens__secret_hash__startswith=a"),
        ("auth.user", "password__startswith=p"),
        ("auth.user", "saved_views__name=hers"),
        ("auth.user", "api_tokens__secret_hash__startswith=a"),
        ("auth.group", "user__password__startswith=p"),
    ],
)
def test_list_is_not_narrowed_by_what_it_hides(
    rows: dict[str, Any], superuser: Client, label: str, query: str
) -> None:
    assert superuser.get(f"{path_of(label)}?{query}").status_code == 400


def test_token_is_revoked_by_action_and_by_page(rows: dict[str, Any], superuser: Client) -> None:
    token = rows["access.apitoken"]
    chosen = {"action": "delete_selected", "_selected_action": token.pk}
    assert superuser.post(path_of("access.apitoken"), chosen).status_code == 200
    assert superuser.post(path_of("access.apitoken"), chosen | {"post": "yes"}).status_code == 302
    assert not ApiToken.objects.exists()


def test_view_of_a_person_shows_whose_it_is_and_not_what_it_holds(
    rows: dict[str, Any], superuser: Client
) -> None:
    view = rows["metadata.savedview"]
    for path in paths_of("metadata.savedview", view).values():
        page = superuser.get(path).content.decode()
        assert "hers" not in page
        assert "&quot;eth&quot;" not in page
