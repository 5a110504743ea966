"""Assets and sources: seeded by a migration, changed by staff, seen in the list of assets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.metadata.models import Asset, Entity, Source
from tests.support.api_client import Api
from tests.support.api_user import Person
from tests.support.lake_builder import build_lake

PATH = "/api/v1/catalogue/actifs"


def test_seeded_rows_pass_their_own_validation(people: dict[str, Any]) -> None:
    for row in (*Asset.objects.all(), *Entity.objects.all(), *Source.objects.all()):
        row.full_clean()
    assert (Asset.objects.count(), Entity.objects.count(), Source.objects.count()) == (124, 283, 14)


def test_everybody_reads_and_staff_changes(people: dict[str, Any]) -> None:
    nobody, staff = Person(), Person(people["staff"])
    before = nobody.ask("GET", f"{PATH}/btc")
    assert (before.status, before.headers["ETag"]) == (200, '"1"')
    changed = staff.ask("PATCH", f"{PATH}/btc", {"name": "Bitcoin!", "colour": "#000000"}, If_Match='"1"')
    assert (changed.status, changed.document["name"], changed.headers["ETag"]) == (200, "Bitcoin!", '"2"')
    assert staff.ask("PATCH", f"{PATH}/btc", {"name": "x"}, If_Match='"1"').status == 412
    assert Person(people["ann"]).ask("PATCH", f"{PATH}/btc", {"name": "x"}, If_Match="*").status == 403
    assert nobody.ask("PATCH", f"{PATH}/btc", {"name": "x"}, If_Match="*").status == 401


def test_change_shows_in_the_list_of_assets(
    people: dict[str, Any], tmp_path: Path, api_of: Callable[[Path], Api]
) -> None:
    build_lake(tmp_path, sentiment=[{}, {"symbol": "zzz"}])
    api, staff = api_of(tmp_path), Person(people["staff"])
    staff.ask("PATCH", f"{PATH}/btc", {"name": "Gold 2", "enabled": False}, If_Match="*")
    made = staff.ask("POST", PATH, {"symbol": "zzz", "name": "Zed", "aliases": {"words": ["zed"]}})
    assert (made.status, made.headers["Location"]) == (201, f"{PATH}/zzz")
    listed = {asset["symbol"]: asset for asset in api.get("/api/v1/actifs").document["actifs"]}
    assert (listed["btc"]["name"], listed["btc"]["enabled"]) == ("Gold 2", False)
    assert (listed["zzz"]["name"], listed["zzz"]["colour"]) == ("Zed", None)


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"symbol": "eth"}, "symbol"),
        ({"name": ""}, "name"),
        ({"colour": "red"}, "colour"),
        ({"colour": "#f7931a;x"}, "colour"),
        ({"display_order": -1}, "display_order"),
        ({"display_order": 10**30}, "display_order"),
        ({"display_order": 32_768}, "display_order"),
        ({"display_order": "5"}, "display_order"),
        ({"display_order": True}, "display_order"),
        ({"display_order": 1.5}, "display_order"),
        ({"enabled": 0}, "enabled"),
        ({"enabled": "no"}, "enabled"),
        ({"name": 5}, "name"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"aliases": {"names": []}}, "aliases"),
        ({"aliases": {"words": "btc"}}, "aliases"),
        ({"aliases": {"words": [" "]}}, "aliases"),
        ({"aliases": {"words": ["a\0"]}}, "aliases"),
        ({"aliases": {"not_after": ["The"]}}, "aliases"),
        ({"aliases": {"words": ["x"] * 51}}, "aliases"),
        ({"aliases": {"words": ["bit*"]}}, "aliases"),
        ({"aliases": {"exact": ["x" * 61]}}, "aliases"),
        ({"version": 9}, "version"),
    ],
)
def test_wrong_change_is_400_and_named(
    people: dict[str, Any], change: dict[str, Any], parameter: str
) -> None:
    refused = Person(people["staff"]).ask("PATCH", f"{PATH}/btc", change, If_Match="*")
    assert (refused.status, refused.document["parameter"]) == (400, parameter)
    assert Asset.objects.get(pk="btc").version == 1


def test_second_asset_of_a_symbol_is_refused(people: dict[str, Any]) -> None:
    refused = Person(people["staff"]).ask("POST", PATH, {"symbol": "btc", "name": "x"})
    assert (refused.status, refused.document["parameter"]) == (400, "symbol")


def test_source_is_made_changed_and_removed(people: dict[str, Any]) -> None:
    staff, path = Person(people["staff"]), "/api/v1/catalogue/sources"
    made = staff.ask("POST", path, {"name": "wire", "kind": "news", "title": "The Wire"})
    assert made.status == 201
    one = made.headers["Location"]
    assert staff.ask("PATCH", one, {"url": "javascript:alert(1)"}, If_Match="*").status == 400
    assert staff.ask("PATCH", one, {"kind": "rumour"}, If_Match="*").status == 400
    assert staff.ask("PATCH", one, {"url": "https://wire.example"}, If_Match='"1"').status == 200
    assert staff.ask("DELETE", one, If_Match='"2"').status == 204
    assert staff.ask("GET", one).status == 404


def test_entity_is_made_changed_and_removed(people: dict[str, Any]) -> None:
    staff, path = Person(people["staff"]), "/api/v1/catalogue/entites"
    new = {"name": "zedex", "title": "Zedex", "kind": "exchange", "aliases": {"words": ["zedex"]}}
    made = staff.ask("POST", path, new)
    assert (made.status, made.document["asset"]) == (201, "")
    one = made.headers["Location"]
    assert staff.ask("PATCH", one, {"asset": "zzz"}, If_Match='"1"').document["asset"] == "zzz"
    assert staff.ask("PATCH", one, {"asset": ""}, If_Match='"2"').document["asset"] == ""
    assert staff.ask("DELETE", one, If_Match='"3"').status == 204
    assert staff.ask("GET", one).status == 404


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"kind": "bank"}, "kind"),
        ({"asset": "BNB"}, "asset"),
        ({"asset": "b nb"}, "asset"),
        ({"asset": None}, "asset"),
        ({"title": ""}, "title"),
        ({"aliases": {"in_context": "Zed"}}, "aliases"),
        ({"aliases": {"names": []}}, "aliases"),
        ({"enabled": True}, "enabled"),
    ],
)
def test_wrong_change_of_an_entity_is_400_and_named(
    people: dict[str, Any], change: dict[str, Any], parameter: str
) -> None:
    refused = Person(people["staff"]).ask("PATCH", "/api/v1/catalogue/entites/binance", change, If_Match="*")
    assert (refused.status, refused.document["parameter"]) == (400, parameter)
    assert Entity.objects.get(pk="binance").version == 1
