"""DuckDB reads the lake and nothing else."""

from pathlib import Path

import duckdb
import pytest

from lakehouse.delta.storage import LakeLocation
from lakehouse.lake import Lake
from lakehouse.schema.tables import GOLD_SENTIMENT
from tests.support.lake_builder import build_lake


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "file:///etc/passwd", "{lake}/../outside.txt", "outside.txt"]
)
def test_file_outside_of_the_lake_is_not_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside.txt").write_text("secret")
    lake = Lake(build_lake(tmp_path / "lake", sentiment=[{}]).location)
    with pytest.raises(duckdb.PermissionException):
        lake.session.fetch_rows(
            "SELECT * FROM read_text($file)",
            [],
            spec=GOLD_SENTIMENT,
            file=name.format(lake=tmp_path / "lake"),
        )


def test_lake_in_a_folder_with_a_quote_and_a_space_is_read(tmp_path: Path) -> None:
    builder = build_lake(tmp_path / "o'hara's lake", sentiment=[{}, {}])
    assert len(Lake(LakeLocation.parse(str(builder.path))).table("gold_sentiment").arrow()) == 2
