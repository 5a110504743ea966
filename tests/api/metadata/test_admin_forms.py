"""Forms of the admin: what they accept, and that a form never overwrites a change that it has not seen."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from api.metadata.models import Asset
from tests.support.admin_pages import MODELS, form_of, path_of, paths_of
from tests.support.html_form import PageForm


def test_asset_is_made_changed_and_removed(rows: dict[str, Any], superuser: Client) -> None:
    base = path_of("metadata.asset")
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
    path = f"{path_of('metadata.asset')}add/"
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
    path = paths_of(label, row)["change"]
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
    assert superuser.post(path_of("metadata.asset"), chosen).status_code == 302
    hidden = Asset.objects.filter(enabled=False).order_by("symbol").values_list("symbol", "version")
    assert list(hidden) == [("btc", 2), ("eth", 2)]
    assert LogEntry.objects.count() == 2
    superuser.post(path_of("metadata.asset"), chosen | {"action": "show"})
    assert not Asset.objects.filter(enabled=False).exists()


def test_forms_say_what_their_fields_are(rows: dict[str, Any], superuser: Client) -> None:
    for label in ("metadata.asset", "metadata.source", "metadata.configurationentry"):
        form = PageForm(superuser.get(paths_of(label, rows[label])["change"]).content.decode())
        assert form.helped
        assert form.values.keys() - form.hidden - form.helped <= {"kind"}, label
