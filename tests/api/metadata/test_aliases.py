"""Aliases go from the rows of assets to the analysis: after a commit, never before it, and not without one."""

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from api.metadata.models import Asset
from lakehouse.aliases.names import AssetNames, EntityNames, fingerprint_of
from lakehouse.aliases.seed import SEED
from lakehouse.aliases.versions import FOLDER, SEED_VERSION, AliasReader, AliasVersion
from lakehouse.delta.storage import LakeLocation
from tests.support.api_client import Api
from tests.support.api_user import Person
from tests.support.manage_command import manage
from tests.support.processes import ROOT
from tests.support.profiles import sized

PATH = "/api/v1/catalogue/actifs"
ZED = {"symbol": "zzz", "name": "Zed", "aliases": {"words": ["Zed"]}}
Published = Callable[[], list[AliasVersion]]


@pytest.fixture
def published(people: dict[str, Any], tmp_path: Path, api_of: Callable[[Path], Api]) -> Published:
    """Return what the analysis reads now, in a lake where nothing was published yet."""
    api_of(tmp_path)
    return lambda: list(AliasReader(LakeLocation.parse(str(tmp_path))).refresh().versions)


def names_of(version: AliasVersion) -> dict[str, AssetNames]:
    return {asset.symbol: asset for asset in version.assets}


def test_new_asset_and_new_alias_are_published(people: dict[str, Any], published: Published) -> None:
    staff = Person(people["staff"])
    assert staff.ask("POST", PATH, ZED).status == 201
    assert staff.ask("PATCH", f"{PATH}/btc", {"aliases": {"words": ["₿"]}}, If_Match="*").status == 200

    first, second = published()
    assert first.fingerprint == fingerprint_of(
        [*SEED, AssetNames(symbol="zzz", words=("zed",))], SEED_VERSION.entities
    )
    assert names_of(second) == names_of(first) | {"btc": AssetNames(symbol="btc", words=("₿",))}


def test_new_entity_its_asset_and_its_end_are_published(people: dict[str, Any], published: Published) -> None:
    staff, path = Person(people["staff"]), "/api/v1/catalogue/entites"
    zedex = {"name": "zedex", "title": "Zedex", "kind": "exchange", "aliases": {"words": ["Zedex"]}}
    assert staff.ask("POST", path, zedex).status == 201
    assert staff.ask("PATCH", f"{path}/zedex", {"title": "Zed Exchange"}, If_Match="*").status == 200
    assert staff.ask("PATCH", f"{path}/zedex", {"asset": "zzz"}, If_Match="*").status == 200
    assert staff.ask("DELETE", f"{path}/zedex", If_Match="*").status == 204

    added, owned, removed = published()
    assert set(added.entities) - set(SEED_VERSION.entities) == {EntityNames(name="zedex", words=("zedex",))}
    assert set(owned.entities) - set(SEED_VERSION.entities) == {
        EntityNames(name="zedex", asset="zzz", words=("zedex",))
    }
    assert set(removed.entities) == set(SEED_VERSION.entities)


def test_change_of_anything_else_publishes_nothing(people: dict[str, Any], published: Published) -> None:
    staff = Person(people["staff"])
    change = {"name": "B", "colour": "#000000", "enabled": False, "display_order": 3}
    assert staff.ask("PATCH", f"{PATH}/btc", change, If_Match="*").status == 200
    assert published() == []


def test_disabled_asset_is_still_spoken_of_and_a_deleted_one_is_not(
    people: dict[str, Any], published: Published
) -> None:
    staff = Person(people["staff"])
    staff.ask("POST", PATH, ZED | {"enabled": False})
    staff.ask("DELETE", f"{PATH}/btc", If_Match="*")

    added, removed = published()
    assert {"btc", "zzz"} <= set(names_of(added))
    assert set(names_of(added)) - set(names_of(removed)) == {"btc"}


def test_refused_changes_publish_nothing(people: dict[str, Any], published: Published) -> None:
    staff = Person(people["staff"])
    assert Person(people["ann"]).ask("POST", PATH, ZED).status == 403
    assert staff.ask("POST", PATH, ZED | {"aliases": {"words": ["*"]}}).status == 400
    assert staff.ask("PATCH", f"{PATH}/btc", {"aliases": {}}, If_Match='"9"').status == 412
    assert published() == []


def test_transaction_that_is_rolled_back_publishes_nothing(published: Published) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012  the error ends the transaction
        Asset.objects.create(symbol="zzz", name="Zed", aliases={"words": ["zed"]})
        Asset.objects.get(pk="btc").delete()
        assert published() == []
        raise ZeroDivisionError
    assert published() == []
    assert Asset.objects.count() == len(SEED)


def test_transaction_of_several_changes_publishes_their_end(published: Published) -> None:
    with transaction.atomic():
        for symbol in ("zza", "zzb"):
            Asset.objects.create(symbol=symbol, name=symbol)
            assert published() == []
    (version,) = published()
    assert {"zza", "zzb"} <= set(names_of(version))


def test_admin_publishes_as_well(people: dict[str, Any], published: Published) -> None:
    client = Person(people["staff"]).client
    client.handler.enforce_csrf_checks = False
    form = {"symbol": "zzz", "name": "Zed", "aliases": '{"exact": ["ZED"]}', "display_order": "5"}
    assert (
        client.post("/admin/metadata/asset/add/", form | {"aliases": '{"exact": ["*"]}'}).status_code == 200
    )
    assert client.post("/admin/metadata/asset/add/", form).status_code == 302
    bulk = {"action": "delete_selected", "_selected_action": ["zzz", "btc"], "post": "yes"}
    assert client.post("/admin/metadata/asset/", bulk).status_code == 302

    added, removed = published()
    assert names_of(added)["zzz"] == AssetNames(symbol="zzz", exact=("ZED",))
    assert set(names_of(added)) - set(names_of(removed)) == {"zzz", "btc"}


def test_lake_that_cannot_be_written_costs_no_change_and_the_command_mends_it(
    people: dict[str, Any], published: Published, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "_catalog").write_text("in the way")
    with caplog.at_level(logging.ERROR, logger="api.metadata.aliases"):
        assert Person(people["staff"]).ask("POST", PATH, ZED).status == 201
    assert [record.message.partition(" reason")[0] for record in caplog.records] == [
        "aliases not published, the analysis keeps those before"
    ]
    with pytest.raises(CommandError, match="not published"):
        call_command("publish_aliases")
    (tmp_path / "_catalog").unlink()
    call_command("publish_aliases")
    call_command("publish_aliases")
    (version,) = published()
    assert "zzz" in names_of(version)


def test_row_that_no_text_can_be_searched_for_is_told_and_keeps_what_was(
    people: dict[str, Any], published: Published
) -> None:
    Person(people["staff"]).ask("POST", PATH, ZED)
    Asset.objects.filter(pk="btc").update(aliases={"words": ["*"]})
    with pytest.raises(CommandError, match="btc: words"):
        call_command("publish_aliases")
    assert len(published()) == 1


# Each adds an alias of its own at a time to one row, as a client of the API does that is told of a stale version.
WRITER = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "api.config.settings"
import django
django.setup()
from django.contrib.auth import get_user_model
from django.test import Client
client = Client()
client.force_login(get_user_model().objects.get(username="staff"))
for n in range(int(sys.argv[2])):
    while True:
        row = client.get("/api/v1/catalogue/actifs/btc")
        words = [*row.json()["aliases"]["words"], f"coin {sys.argv[1]} {n}"]
        answer = client.patch(
            "/api/v1/catalogue/actifs/btc",
            {"aliases": {"words": words}},
            content_type="application/json",
            headers={"If-Match": row["ETag"]},
        )
        if answer.status_code == 200:
            break
        assert answer.status_code == 412, answer.content
"""


def test_processes_that_change_at_once_leave_the_last_of_the_rows_published(tmp_path: Path) -> None:
    manage(tmp_path, "migrate")
    make = "from django.contrib.auth.models import User; User.objects.create_superuser('staff')"
    manage(tmp_path, "shell", "--no-imports", "-c", make)
    n_processes, n_changes = 3, sized(quick=4, full=5, soak=50)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(at), str(n_changes)],
            cwd=ROOT,
            env={"CRYPTOVIZ_RUNTIME_DIR": str(tmp_path), "PATH": ""},
            stderr=subprocess.PIPE,
            text=True,
        )
        for at in range(n_processes)
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors[-2000:]

    lake = LakeLocation.parse(str(tmp_path / "lake"))
    history = AliasReader(lake).refresh()
    words = names_of(history.newest)["btc"].words
    coins = {f"coin {at} {n}" for at in range(n_processes) for n in range(n_changes)}
    assert coins <= set(words)
    assert [version.number for version in history.versions] == list(range(1, len(lake.names(FOLDER)) + 1))
    assert "has these already" in manage(tmp_path, "publish_aliases")


def test_start_of_the_api_publishes_what_a_killed_process_could_not(tmp_path: Path) -> None:
    """A kill between commit and publication leaves rows that no version says; `update` sends no signal either."""
    manage(tmp_path, "migrate")
    change = "from api.metadata.models import Asset as A; A.objects.filter(pk='btc').update(aliases={'words': ['bee']})"
    manage(tmp_path, "shell", "--no-imports", "-c", change)
    lake = LakeLocation.parse(str(tmp_path / "lake"))
    assert AliasReader(lake).refresh().versions == ()
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", "from api.__main__ import _migrate; _migrate()"],
            cwd=ROOT,
            env={"CRYPTOVIZ_RUNTIME_DIR": str(tmp_path), "PATH": ""},
            check=True,
            timeout=100,
        )
    (version,) = AliasReader(lake).refresh().versions
    assert names_of(version)["btc"].words == ("bee",)
