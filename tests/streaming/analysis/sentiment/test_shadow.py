"""Shadow: what a model says of new texts is stored once, beside what is published, and nothing of it is published."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lakehouse.errors import PositionConflictError
from lakehouse.lake import Lake
from lakehouse.schema.tables import SENTIMENT_SHADOW
from lakehouse.sentiment_models.versions import LEAD_US, ModelRegistry
from lakehouse.time_range import to_us
from streaming.analysis.sentiment import shadow
from streaming.analysis.sentiment.__main__ import main
from streaming.analysis.sentiment.publishing import ScorerSettings
from streaming.analysis.sentiment.query import read_catalogue
from streaming.analysis.sentiment.semantic.loading import EncoderSettings
from streaming.analysis.sentiment.semantic.own_model import read_own_model
from streaming.analysis.sentiment.shadow import COMPARED_COLUMNS, ShadowReport, compare_live, run_shadow
from streaming.errors import EncoderError
from tests.support.lake_builder import NOON, LakeBuilder, at

NOON_US = to_us(NOON)
TITLES = (
    "Bitcoin surges on strong demand",
    "Ether crashes after a hack",
    "Bitcoin gains while Ethereum falls",
)
PIPELINE = ScorerSettings()


def texts(*titles: str, minutes: int = 1) -> list[dict[str, Any]]:
    return [{"title": title, "broker_time": at(minutes=minutes), "language": "en"} for title in titles]


def run(builder: LakeBuilder, settings: ScorerSettings = PIPELINE) -> ShadowReport:
    return run_shadow(Lake(builder.location), read_catalogue(settings, builder.location))


def rows(builder: LakeBuilder) -> list[dict[str, Any]]:
    return list(Lake(builder.location).table("sentiment_shadow").arrow().sort_by("kafka_offset").to_pylist())


@pytest.fixture
def builder(tmp_path: Path) -> LakeBuilder:
    """Return a lake with a model in the shadow from NOON on."""
    made = LakeBuilder(tmp_path / "lake")
    ModelRegistry(made.location, lambda: NOON_US - LEAD_US).add(read_own_model(), {})
    return made


def test_each_mention_of_a_text_has_a_row_with_both_results(builder: LakeBuilder) -> None:
    builder.append("gold_news", texts(*TITLES))

    assert run(builder) == ShadowReport(n_texts=3, n_rows=4)

    found = rows(builder)
    assert [(row["symbol"], row["published_label"]) for row in found[:2]] == [
        ("btc", "positive"),
        ("eth", "negative"),
    ]
    for row in found:
        assert (row["number"], row["model"], row["published_model"]) == (1, "e5-logistic", "vader-crypto")
        assert row["p_negative"] + row["p_neutral"] + row["p_positive"] == pytest.approx(1)
        assert row["score"] == pytest.approx(row["p_positive"] - row["p_negative"], abs=1e-4)


def test_texts_are_scored_once_whenever_the_shadow_runs(builder: LakeBuilder) -> None:
    builder.append("gold_news", texts(*TITLES))
    run(builder)
    builder.append("gold_news", texts("Bitcoin slides"))

    assert [run(builder), run(builder)] == [
        ShadowReport(n_texts=1, n_rows=1),
        ShadowReport(n_texts=0, n_rows=0),
    ]
    assert [row["kafka_offset"] for row in rows(builder)] == [0, 1, 2, 2, 3]


def test_run_that_ends_between_two_commits_goes_on_where_it_ended(
    builder: LakeBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder.append("gold_news", texts(*TITLES, *TITLES))
    monkeypatch.setattr(shadow, "TEXTS_PER_COMMIT", 2)
    commit = shadow.append

    def killed_at_the_second(*arguments: Any, **named: Any) -> int:
        monkeypatch.setattr(shadow, "append", _fail)
        return commit(*arguments, **named)

    monkeypatch.setattr(shadow, "append", killed_at_the_second)
    with pytest.raises(PositionConflictError):
        run(builder)
    assert [row["kafka_offset"] for row in rows(builder)] == [0, 1]
    monkeypatch.setattr(shadow, "append", commit)

    assert run(builder) == ShadowReport(n_texts=4, n_rows=6)
    assert [row["kafka_offset"] for row in rows(builder)] == [0, 1, 2, 2, 3, 4, 5, 5]


@pytest.mark.parametrize("is_published", [False, True])
def test_both_results_abstain_as_the_operator_says(builder: LakeBuilder, is_published: bool) -> None:
    if is_published:
        registry = ModelRegistry(builder.location, lambda: NOON_US - LEAD_US)
        registry.publish(1)
        registry.add(replace(read_own_model(), temperature=2.0), {})
    builder.append("gold_news", texts(*TITLES))

    run(builder, ScorerSettings(unsure_below=1.0))

    labels = {(row["label"], row["score"], row["published_label"] == "unsure") for row in rows(builder)}
    assert labels == {("unsure", None, is_published)}
    assert all(row["p_neutral"] is not None for row in rows(builder))


def test_command_abstains_as_the_setting_says(
    builder: LakeBuilder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    builder.append("gold_news", texts(*TITLES))
    monkeypatch.setenv("CRYPTOVIZ_SENTIMENT_UNSURE_BELOW", "1.0")
    assert main(["shadow", "--lake", str(builder.path), "--json"]) == 0
    (comparison,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert comparison["labels"] == {"unsure": 4}


def _fail(*_: Any, **__: Any) -> int:
    raise PositionConflictError(table=SENTIMENT_SHADOW.name, problem="killed")


def test_rows_do_not_depend_on_the_runs_that_wrote_them(builder: LakeBuilder, tmp_path: Path) -> None:
    other = LakeBuilder(tmp_path / "other")
    ModelRegistry(other.location, lambda: NOON_US - LEAD_US).add(read_own_model(), {})
    builder.append("gold_news", texts(*TITLES))
    other.append("gold_news", texts(*TITLES))
    run(builder)
    ModelRegistry(other.location, lambda: NOON_US + 3_600_000_000).publish(1)
    run(other)

    assert rows(builder) == rows(other)


def test_texts_before_the_model_and_after_its_promotion_have_no_shadow(builder: LakeBuilder) -> None:
    ModelRegistry(builder.location, lambda: NOON_US).publish(1, from_us=to_us(at(minutes=30)))
    builder.append("gold_news", texts("Bitcoin rallies", minutes=-1))
    builder.append("gold_news", texts("Bitcoin surges", minutes=29))
    builder.append("gold_news", texts("Bitcoin plunges", minutes=30))

    run(builder)

    assert [row["title"] for row in rows(builder)] == ["Bitcoin surges"]


def test_without_a_model_nothing_is_made(tmp_path: Path) -> None:
    builder = LakeBuilder(tmp_path / "lake")
    builder.append("gold_news", texts(*TITLES))

    assert run(builder) == ShadowReport(n_texts=0, n_rows=0)
    assert not (tmp_path / "lake" / SENTIMENT_SHADOW.name).exists()


def test_model_that_cannot_run_skips_no_text(builder: LakeBuilder, tmp_path: Path) -> None:
    builder.append("gold_news", texts(*TITLES))
    broken = ScorerSettings(encoder=EncoderSettings(model_file=str(tmp_path / "absent.bin")))

    with pytest.raises(EncoderError, match="absent"):
        run(builder, broken)

    assert run(builder) == ShadowReport(n_texts=3, n_rows=4)


def test_live_comparison_counts_both_on_the_same_texts(builder: LakeBuilder) -> None:
    builder.append("gold_news", texts(*TITLES))
    run(builder)

    (comparison,) = compare_live(
        Lake(builder.location).table("sentiment_shadow").select(*COMPARED_COLUMNS).arrow()
    )

    assert (comparison.number, comparison.published_model) == (1, "vader-crypto")
    assert (comparison.n_rows, comparison.n_texts) == (4, 3)
    assert sum(comparison.labels.values()) == sum(comparison.published_labels.values()) == 4
    same = sum(row["label"] == row["published_label"] for row in rows(builder))
    assert comparison.same_label == same / 4
