"""Runtime configuration: validated, with who changed what when."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.metadata.configuration import KEYS
from api.metadata.models import ConfigurationChange
from api.metadata.seed import CONFIGURATION
from tests.support.api_client import Api
from tests.support.api_user import Person
from tests.support.lake_builder import build_lake

PATH = "/api/v1/configuration"


def test_every_key_is_seeded_with_its_default() -> None:
    assert dict(CONFIGURATION) == {name: key.default for name, key in KEYS.items()}


def test_change_is_kept_with_who_made_it(people: dict[str, Any]) -> None:
    staff = Person(people["staff"])
    assert staff.ask("PATCH", f"{PATH}/token_days", {"value": 30}, If_Match='"1"').status == 200
    assert staff.ask("PATCH", f"{PATH}/token_days", {"value": 60}, If_Match='"2"').headers["ETag"] == '"3"'
    assert staff.ask("PATCH", f"{PATH}/token_days", {"value": 90}, If_Match='"2"').status == 412
    changes = staff.ask("GET", f"{PATH}/token_days/historique").document["elements"]
    shown = [
        (change["version"], change["old_value"], change["new_value"], change["changed_by"])
        for change in changes
    ]
    assert shown == [(3, 30, 60, "staff"), (2, 365, 30, "staff")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token_days", 0),
        ("token_days", True),
        ("token_days", "30"),
        ("token_days", 1.5),
        ("token_days", None),
        ("notice", 1),
        ("notice", "x" * 501),
        ("notice", "\0"),
    ],
)
def test_value_that_its_key_does_not_take_changes_nothing(
    people: dict[str, Any], name: str, value: Any
) -> None:
    refused = Person(people["staff"]).ask("PATCH", f"{PATH}/{name}", {"value": value}, If_Match="*")
    assert (refused.status, refused.document["parameter"]) == (400, "value")
    assert not ConfigurationChange.objects.exists()


def test_notice_is_told_to_everybody(
    people: dict[str, Any], tmp_path: Path, api_of: Callable[[Path], Api]
) -> None:
    build_lake(tmp_path, sentiment=[{}])
    api = api_of(tmp_path)
    assert api.get("/api/v1/etat").document["notice"] is None
    Person(people["staff"]).ask("PATCH", f"{PATH}/notice", {"value": "Down at noon"}, If_Match="*")
    assert api.get("/api/v1/etat").document["notice"] == "Down at noon"


def test_unknown_key_is_404(people: dict[str, Any]) -> None:
    staff = Person(people["staff"])
    assert staff.ask("GET", f"{PATH}/debug").status == 404
    assert staff.ask("GET", f"{PATH}/debug/historique").status == 404
    assert staff.ask("PATCH", f"{PATH}/debug", {"value": True}, If_Match="*").status == 404


def test_admin_keeps_history_as_well(people: dict[str, Any]) -> None:
    client = Person(people["staff"]).client
    client.handler.enforce_csrf_checks = False
    page = "/admin/metadata/configurationentry/views_of_user/change/"
    assert client.post(page, {"value": "-4", "seen_version": 1}).status_code == 200
    assert not ConfigurationChange.objects.exists()
    assert client.post(page, {"value": "5", "seen_version": 1}).status_code == 302
    change = ConfigurationChange.objects.get()
    assert (change.name, change.old_value, change.new_value, change.changed_by) == (
        "views_of_user",
        200,
        5,
        "staff",
    )
