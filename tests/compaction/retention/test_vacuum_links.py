"""Symbolic links in a lake: vacuum removes nothing through them, and names them."""

from pathlib import Path

import pytest

from compaction.errors import LinkError
from compaction.retention.vacuum import vacuum_lake
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.storage import LakeLocation
from tests.support.lake_builder import NOON, build_lake


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("depth", ["stray", "symbol=btc/stray", "_delta_log/stray"])
@pytest.mark.parametrize("is_folder", [True, False])
def test_files_outside_of_the_lake_stay(tmp_path: Path, dry_run: bool, depth: str, is_folder: bool) -> None:
    location: LakeLocation = build_lake(tmp_path / "lake", price=[{"event_time": NOON}]).location
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "part-0.parquet").write_bytes(b"not ours")
    table = Catalog(location).table_location("gold_price", Catalog(location).current_build()).to_path()
    link = table / depth
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside if is_folder else outside / "part-0.parquet")
    with pytest.raises(LinkError, match="stray is a symbolic link"):
        vacuum_lake(location, retention_hours=0, dry_run=dry_run, is_forced=True)
    assert (outside / "part-0.parquet").read_bytes() == b"not ours"


def test_a_lake_behind_a_symbolic_link_is_vacuumed(tmp_path: Path) -> None:
    build_lake(tmp_path / "lake", price=[{"event_time": NOON}])
    (tmp_path / "link").symlink_to(tmp_path / "lake")
    lake = LakeLocation.parse(str(tmp_path / "link"))
    assert vacuum_lake(lake, dry_run=False) == []
