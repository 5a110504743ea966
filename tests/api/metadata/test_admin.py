"""Every page of the admin, by who opens it: a superuser, staff without a permission, staff that may look, nobody."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from api.access.models import ApiToken, create_token
from api.maintenance.models import MaintenanceRun
from api.metadata import configuration
from api.metadata.models import Asset, ConfigurationChange, ConfigurationEntry, SavedView, Source
from tests.support.html_form import PageForm
from tests.support.lake_builder import build_lake

User = get_user_model()
MODELS = {model._meta.label_lower: model for model in admin.site._registry}
READ_ONLY = ("maintenance.maintenancerun", "metadata.configurationchange", "metadata.savedview")
NEVER_CHANGED = (*READ_ONLY, "access.apitoken")
NEVER_ADDED = (*NEVER_CHANGED, "metadata.configurationentry")
NEVER_DELETED = (*READ_ONLY, "metadata.configurationentry")
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def rows(people: dict[str, Any], tmp_path: Path, api_of: Callable[[Path], Any]) -> dict[str, Any]:
    """A row of each model, with what somebody hostile might have written where they may write; and ann's token."""
    build_lake(tmp_path, sentiment=[{}])
    api_of(tmp_path)
    entry = ConfigurationEntry.objects.get(name="notice")
    configuration.set_value(entry, HOSTILE, user=people["staff"])
    token, text = create_token(
        owner=people["ann"],
        name=HOSTILE,
        scopes=["views:read"],
        expires_time=timezone.now() + timedelta(days=1),
    )
    Asset.objects.filter(pk="btc").update(name=HOSTILE)
    return {
        "access.apitoken": token,
        "auth.group": Group.objects.create(name=HOSTILE),
        "auth.user": people["ann"],
        "maintenance.maintenancerun": MaintenanceRun.objects.create(
            run_id="20260101T000000Z-1",
            lake_uri=str(tmp_path),
            command="run",
            host=HOSTILE,
            pid=1,
            started_time=timezone.now() - timedelta(seconds=9),
            ended_time=timezone.now(),
            exit_code=1,
            error=f"OSError: {HOSTILE}",
            gained={"files": 3},
        ),
        "metadata.asset": Asset.objects.get(pk="btc"),
        "metadata.configurationchange": ConfigurationChange.objects.get(),
        "metadata.configurationentry": entry,
        "metadata.savedview": SavedView.objects.create(
            owner=people["ann"], name="hers", parameters={"symbol": "eth"}
        ),
        "metadata.source": Source.objects.first(),
        "text": text,
    }


def client_of(user: Any) -> Client:
    client = Client(raise_request_exception=True)
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def superuser(people: dict[str, Any]) -> Client:
    return client_of(people["staff"])


def staff_with(*permissions: str) -> Client:
    user = User.objects.create_user(f"clerk{User.objects.count()}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return client_of(user)


def place(label: str) -> str:
    return "/admin/" + label.replace(".", "/") + "/"


def places_of(label: str, row: Any) -> dict[str, str]:
    base = place(label)
    return {
        "list": base,
        "search": f"{base}?q=x",
        "add": f"{base}add/",
        "change": f"{base}{row.pk}/change/",
        "history": f"{base}{row.pk}/history/",
        "delete": f"{base}{row.pk}/delete/",
    }


def test_rows_are_there_for_every_page(rows: dict[str, Any]) -> None:
    assert rows.keys() - {"text"} == MODELS.keys()


@pytest.mark.parametrize("label", MODELS)
def test_superuser_opens_every_page(rows: dict[str, Any], superuser: Client, label: str) -> None:
    for name, path in places_of(label, rows[label]).items():
        refused = (name == "add" and label in NEVER_ADDED) or (name == "delete" and label in NEVER_DELETED)
        page = superuser.get(path)
        assert page.status_code == (403 if refused else 200), path
        assert HOSTILE not in page.content.decode()


@pytest.mark.parametrize("label", MODELS)
def test_lists_are_searched_sorted_and_filtered_by_all_that_they_offer(
    rows: dict[str, Any], superuser: Client, label: str
) -> None:
    base = place(label)
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
        assert superuser.get(place(label) + query).status_code in (200, 302, 400), query
    for pk in ("0", "nobody", "_00", "a" * 300, "%00", "..%2f..%2f"):
        assert superuser.get(f"{place(label)}{pk}/change/").status_code in (302, 404), pk


@pytest.mark.parametrize("label", MODELS)
def test_staff_without_permission_and_others_open_nothing(
    people: dict[str, Any], rows: dict[str, Any], label: str
) -> None:
    clerk = staff_with()
    for path in places_of(label, rows[label]).values():
        assert clerk.get(path).status_code == 403, path
        assert clerk.post(path, {"post": "yes"}).status_code == 403, path
        for other in (None, people["ann"]):
            sent = client_of(other).get(path)
            assert (sent.status_code, sent.headers["Location"].partition("?")[0]) == (302, "/admin/login/")


@pytest.mark.parametrize("label", MODELS)
def test_staff_that_may_look_changes_nothing(rows: dict[str, Any], label: str) -> None:
    clerk, row = staff_with(f"view_{label.partition('.')[2]}"), rows[label]
    places = places_of(label, row)
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
    row, places = rows[label], places_of(label, rows[label])
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
    for path in places_of("access.apitoken", token).values():
        page = superuser.get(path).content.decode()
        assert secret not in page
        assert token.secret_hash not in page
    found = superuser.get(place("access.apitoken"), {"q": token.secret_hash[:9]})
    assert token.key not in found.content.decode()


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
    assert superuser.get(f"{place(label)}?{query}").status_code == 400


def test_token_is_revoked_by_action_and_by_page(rows: dict[str, Any], superuser: Client) -> None:
    token = rows["access.apitoken"]
    chosen = {"action": "delete_selected", "_selected_action": token.pk}
    assert superuser.post(place("access.apitoken"), chosen).status_code == 200
    assert superuser.post(place("access.apitoken"), chosen | {"post": "yes"}).status_code == 302
    assert not ApiToken.objects.exists()


def test_view_of_a_person_shows_whose_it_is_and_not_what_it_holds(
    rows: dict[str, Any], superuser: Client
) -> None:
    view = rows["metadata.savedview"]
    for path in places_of("metadata.savedview", view).values():
        page = superuser.get(path).content.decode()
        assert "hers" not in page
        assert "&quot;eth&quot;" not in page


def form_of(client: Client, path: str, **changes: Any) -> dict[str, Any]:
    """What a browser would send back of a form that was opened, with changes."""
    return PageForm(client.get(path).content.decode()).values | changes


def test_asset_is_made_changed_and_removed(rows: dict[str, Any], superuser: Client) -> None:
    base = place("metadata.asset")
    made = form_of(
        superuser, f"{base}add/", symbol="zzz", name="Zed", enabled="on", aliases='{"words": ["zed"]}'
    )
    assert superuser.post(f"{base}add/", made).status_code == 302
    changed = form_of(superuser, f"{base}zzz/change/", name="Zed 2", symbol="other")
    assert superuser.post(f"{base}zzz/change/", changed).status_code == 302
    asset = Asset.objects.get(pk="zzz")
    assert (asset.name, asset.version, asset.aliases) == ("Zed 2", 2, {"words": ["zed"]})
    assert not Asset.objects.filter(pk="other").exists()
    assert superuser.post(f"{base}zzz/delete/", {"post": "yes"}).status_code == 302
    assert not Asset.objects.filter(pk="zzz").exists()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("symbol", "BTC!"),
        ("aliases", "{"),
        ("aliases", '{"names": []}'),
        ("colour", "red"),
        ("display_order", "-1"),
        ("display_order", "32768"),
        ("name", ""),
    ],
)
def test_wrong_member_is_told_beside_its_field(
    rows: dict[str, Any], superuser: Client, member: str, value: str
) -> None:
    path = f"{place('metadata.asset')}add/"
    given = form_of(superuser, path, symbol="zzz", name="Zed", aliases="{}") | {member: value}
    page = superuser.post(path, given)
    assert page.status_code == 200
    assert PageForm(page.content.decode()).wrong == {member}
    assert not Asset.objects.filter(pk="zzz").exists()


@pytest.mark.parametrize("label", ["metadata.asset", "metadata.source", "metadata.configurationentry"])
def test_form_that_was_opened_before_somebodys_change_does_not_undo_it(
    rows: dict[str, Any], superuser: Client, label: str
) -> None:
    row = rows[label]
    path = places_of(label, row)["change"]
    opened = form_of(superuser, path)
    MODELS[label].objects.get(pk=row.pk).save()
    before = MODELS[label].objects.filter(pk=row.pk).values().get()
    page = superuser.post(path, opened | {"name": "mine", "title": "mine", "value": '"mine"'})
    assert page.status_code == 200
    assert b"Somebody has changed this meanwhile" in page.content
    assert MODELS[label].objects.filter(pk=row.pk).values().get() == before
    assert superuser.post(path, form_of(superuser, path)).status_code == 302


def test_assets_are_hidden_and_shown_together(rows: dict[str, Any], superuser: Client) -> None:
    chosen = {"action": "hide", "_selected_action": ["btc", "eth"]}
    assert superuser.post(place("metadata.asset"), chosen).status_code == 302
    hidden = Asset.objects.filter(enabled=False).order_by("symbol").values_list("symbol", "version")
    assert list(hidden) == [("btc", 2), ("eth", 2)]
    assert LogEntry.objects.count() == 2
    superuser.post(place("metadata.asset"), chosen | {"action": "show"})
    assert not Asset.objects.filter(enabled=False).exists()


def test_forms_say_what_their_fields_are(rows: dict[str, Any], superuser: Client) -> None:
    for label in ("metadata.asset", "metadata.source", "metadata.configurationentry"):
        form = PageForm(superuser.get(places_of(label, rows[label])["change"]).content.decode())
        assert form.helped
        assert form.values.keys() - form.hidden - form.helped <= {"kind"}, label
