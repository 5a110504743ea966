"""Who scores a text: the lexicon, what was asked for, or the model that is published at its broker time."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from typer import BadParameter

from lakehouse.delta.storage import LakeLocation
from lakehouse.process.settings import Settings
from lakehouse.sentiment_models.model import SentimentModel
from lakehouse.sentiment_models.versions import LEAD_US, ModelRegistry
from streaming.analysis import __main__ as command_line
from streaming.analysis.sentiment.abstaining import AbstainingScorer
from streaming.analysis.sentiment.publishing import ScorerSettings
from streaming.analysis.sentiment.query import score_batches
from streaming.analysis.sentiment.scorer import Passage
from streaming.analysis.sentiment.scorers import lexicon_scorer, scorer_named
from streaming.analysis.sentiment.semantic.loading import EncoderSettings
from streaming.analysis.sentiment.semantic.own_model import read_own_model
from tests.support.messages import news, to_bytes

AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
AT_US = 1_769_851_800_000_000
SECOND_US = 1_000_000

Dated = tuple[int, str, str]
"""(seconds after AT, language, title)"""


def score(texts: list[Dated], lake: LakeLocation, settings: ScorerSettings) -> list[dict[str, Any]]:
    values = [
        to_bytes(news(AT, key=f"{at}", title=title, summary=None) | {"language": language})
        for at, (_, language, title) in enumerate(texts)
    ]
    rows = pa.RecordBatch.from_pydict(
        {
            "key": pa.array([b"wire"] * len(texts), pa.binary()),
            "value": pa.array(values, pa.binary()),
            "timestamp": pa.array(
                [AT_US + seconds * SECOND_US for seconds, _, _ in texts], pa.timestamp("us", tz="UTC")
            ),
            "partition": pa.array([0] * len(texts), pa.int32()),
            "offset": pa.array(range(len(texts)), pa.int64()),
        }
    )
    (results,) = score_batches([rows], settings, lake)
    return [msgspec.json.decode(row["value"]) for row in results.to_pylist()]


def promote(lake: LakeLocation, *, from_seconds: int, model: SentimentModel | None = None) -> None:
    registry = ModelRegistry(lake, lambda: AT_US)
    number = registry.add(model or read_own_model(), {})
    registry.publish(number, from_us=AT_US + from_seconds * SECOND_US)


@pytest.fixture
def lake(tmp_path: Path) -> LakeLocation:
    return LakeLocation.parse(str(tmp_path / "lake"))


TEXTS = [
    (at * 30, "en", title)
    for at, title in enumerate(
        (
            "Bitcoin surges on strong demand",
            "Bitcoin crashes after a hack",
            "Bitcoin conference opens in Lyon today",
        )
    )
]


def without_time(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message | {"analyzed_time": ""} for message in messages]


def test_without_a_promotion_the_lexicon_publishes_without_probabilities(lake: LakeLocation) -> None:
    messages = score(TEXTS, lake, ScorerSettings())

    assert {message["model"] for message in messages} == {"vader-crypto"}
    assert {message["p_positive"] for message in messages} == {None}


def test_promoted_model_publishes_from_its_broker_time_on(lake: LakeLocation) -> None:
    promote(lake, from_seconds=30)

    messages = score(TEXTS, lake, ScorerSettings())

    assert [message["model"] for message in messages] == ["vader-crypto", "e5-logistic", "e5-logistic"]
    for message in messages[1:]:
        shares = [message[f"p_{label}"] for label in ("negative", "neutral", "positive")]
        assert sum(shares) == pytest.approx(1)
        assert message["score"] == pytest.approx(shares[2] - shares[0], abs=1e-4)


def test_repeat_in_other_batches_and_after_later_documents_says_the_same(lake: LakeLocation) -> None:
    promote(lake, from_seconds=30)
    once = without_time(score(TEXTS, lake, ScorerSettings()))
    registry = ModelRegistry(lake, lambda: AT_US + 600 * SECOND_US)
    registry.roll_back()

    again = [message for text in TEXTS for message in without_time(score([text], lake, ScorerSettings()))]

    assert [message | {"message_id": ""} for message in again] == [
        message | {"message_id": ""} for message in once
    ]


def test_language_that_the_model_has_not_learnt_is_scored_by_the_lexicon(lake: LakeLocation) -> None:
    own = read_own_model()
    english = SentimentModel.parse({**own.to_json(), "languages": ["en"]})
    promote(lake, from_seconds=LEAD_US // SECOND_US, model=english)
    texts = [
        (60, "fr", "Le Bitcoin s’envole après l’accord sur les fonds"),
        (60, "en", "Bitcoin surges on strong demand"),
    ]

    assert [message["model"] for message in score(texts, lake, ScorerSettings())] == [
        "vader-crypto",
        "e5-logistic",
    ]


def test_named_scorers_publish_whatever_the_lake_says(lake: LakeLocation) -> None:
    promote(lake, from_seconds=LEAD_US // SECOND_US)

    messages = score(TEXTS[1:2], lake, ScorerSettings(names=("vader-crypto", "e5-logistic")))

    assert [message["model"] for message in messages] == ["vader-crypto", "e5-logistic"]


@pytest.mark.parametrize("names", [(), ("e5-logistic",), ("vader-crypto", "e5-logistic")])
def test_damaged_model_file_is_named_once_and_the_lexicon_goes_on(
    lake: LakeLocation, tmp_path: Path, names: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    damaged = tmp_path / f"{len(names)}.bin"
    damaged.write_bytes(b"damaged")
    promote(lake, from_seconds=LEAD_US // SECOND_US)
    settings = ScorerSettings(names=names, encoder=EncoderSettings(model_file=str(damaged)))

    with caplog.at_level(logging.ERROR):
        messages = [*score(TEXTS[1:], lake, settings), *score(TEXTS[1:], lake, settings)]

    assert [message["model"] for message in messages] == ["vader-crypto"] * 4
    (record,) = caplog.records
    assert str(damaged) in record.message
    assert "1571fc98" in record.message


def test_unsure_result_has_probabilities_and_no_score(lake: LakeLocation) -> None:
    settings = ScorerSettings(names=("e5-logistic", "vader-crypto"), unsure_below=1.0)

    semantic, lexicon = score(TEXTS[:1], lake, settings)

    assert (semantic["label"], semantic["score"]) == ("unsure", None)
    assert max(semantic[f"p_{label}"] for label in ("negative", "neutral", "positive")) < 1
    assert lexicon["label"] == "positive"


@pytest.mark.parametrize("below", [0.2, 0.5, 0.8])
def test_scorer_abstains_below_the_threshold_alone(below: float) -> None:
    passages = [Passage(title.replace("Bitcoin", "theasset"), "en") for _, _, title in TEXTS]
    scorer = scorer_named("e5-logistic")

    for plain, decided in zip(
        scorer.score(passages), AbstainingScorer(scorer, below).score(passages), strict=True
    ):
        assert plain.probabilities is not None
        assert (decided.label == "unsure") == (max(plain.probabilities) < below)


def test_scorer_without_probabilities_never_abstains() -> None:
    passages = [Passage("theasset surges", "en")]

    assert AbstainingScorer(lexicon_scorer(), 1.0).score(passages) == lexicon_scorer().score(passages)


def test_scorer_that_needs_the_extra_is_refused_in_one_sentence_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streaming.analysis.sentiment.semantic.loading.find_spec", lambda _: None)

    with pytest.raises(
        BadParameter, match=r'e5-logistic cannot run: onnx is not installed: pip install "cryptoviz\[sem'
    ):
        command_line.to_scorer_settings(Settings(), ["e5-logistic"])
    assert command_line.to_scorer_settings(Settings(), ["vader-crypto"]).names == ("vader-crypto",)


def test_settings_reach_the_scorers() -> None:
    settings = Settings.from_environ(
        {"CRYPTOVIZ_SENTIMENT_UNSURE_BELOW": "0.6", "CRYPTOVIZ_E5_MODEL_FILE": "/models/e5.bin"}
    )

    scorers = command_line.to_scorer_settings(settings)

    assert (scorers.names, scorers.unsure_below, scorers.encoder.model_file) == ((), 0.6, "/models/e5.bin")
