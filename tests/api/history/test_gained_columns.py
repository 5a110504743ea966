"""A lake whose tables lack columns that their definition gained since: it answers with nulls, and goes on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from compaction.rewriting import compact
from lakehouse import lake
from lakehouse.delta.table import ensure_table
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import GOLD_PREDICTION, GOLD_SCORE, TABLES
from tests.support import lake_builder
from tests.support.api_client import Api
from tests.support.lake_builder import NOON, LakeBuilder

GAINED = ("sigma", "p_up", "p_up_base_rate", "quantiles", "moves")
SCORED = ("sigma", "p_up", "p_up_base_rate", "moves", "crps", "pit")
HOUR = timedelta(hours=1)
ApiOf = Callable[[Path], Api]


def without(spec: TableSpec, names: tuple[str, ...]) -> TableSpec:
    return replace(spec, columns=tuple(column for column in spec.columns if column.name not in names))


@pytest.fixture
def old_lake(tmp_path: Path) -> LakeBuilder:
    """Return a lake with one forecast and its price, whose tables are as before the columns."""
    builder = LakeBuilder(tmp_path)
    before = {**TABLES, GOLD_PREDICTION.name: without(GOLD_PREDICTION, GAINED)}
    with patch.object(lake_builder, "TABLES", before):
        builder.append(GOLD_PREDICTION.name, [{"made_at": NOON, "target_time": NOON + HOUR}])
        builder.append("gold_price", [{"event_time": NOON + HOUR}, {"event_time": NOON + 5 * HOUR}])
    ensure_table(builder.catalog.table_location(GOLD_SCORE.name, builder.build), without(GOLD_SCORE, SCORED))
    return builder


@pytest.mark.parametrize("query", ["", "axe=target_time", "modele=walk&horizon=1h"])
def test_rows_of_before_answer_with_nulls(old_lake: LakeBuilder, api_of: ApiOf, query: str) -> None:
    answer = api_of(old_lake.path).history("prediction", query)
    (point,) = answer.document["points"]
    assert (point["lower"], {point[name] for name in GAINED if name != "moves"}) == (90.0, {None})
    assert point["moves"] is None


@pytest.mark.parametrize("is_compacted", [False, True])
def test_rows_of_before_and_since_answer_together(
    old_lake: LakeBuilder, api_of: ApiOf, is_compacted: bool
) -> None:
    old_lake.append(GOLD_PREDICTION.name, [{"made_at": NOON + HOUR, "target_time": NOON + 2 * HOUR}])
    if is_compacted:
        compact.compact_lake(old_lake.location, wait_for_late_rows=False)
    points = api_of(old_lake.path).history("prediction").document["points"]
    assert [point["quantiles"] for point in points] == [
        None,
        {"levels": [0.05, 0.95], "values": [90.0, 110.0]},
    ]
    assert [point["sigma"] for point in points] == [None, 0.01]


def test_forecast_of_before_is_scored_without_a_score_of_its_distribution(old_lake: LakeBuilder) -> None:
    reader = lake.open(str(old_lake.path))
    refresh_scores(reader)
    (row,) = reader.table(GOLD_SCORE.name).arrow().to_pylist()
    assert (row["outcome"], row["error"]) == ("realised", 1.0)
    assert [row[name] for name in SCORED] == [None] * len(SCORED)
