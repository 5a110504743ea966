"""Results: valid messages of analyzed-sentiment, with the same ids each time."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lakehouse.aliases.names import AssetNames
from lakehouse.aliases.seed import SEED
from lakehouse.aliases.versions import SEED_ALONE, SEED_VERSION, AliasHistory, AliasVersion
from lakehouse.messages.validation import Rejected, validate
from streaming.analysis.sentiment.results import read_texts, to_results
from streaming.analysis.sentiment.scorers import scorer_named
from tests.support.messages import news, to_bytes

AT = datetime(2026, 1, 31, 9, 30, 0, 250_001, tzinfo=UTC)
AT_US = 1_769_851_800_250_001
LATER_US = AT_US + 2_000_000


def analysed(
    *values: bytes | None,
    analyzed_time_us: int = LATER_US,
    scorers: Any = ("vader-crypto",),
    aliases: AliasHistory = SEED_ALONE,
    broker_time_us: int = LATER_US,
) -> Any:
    texts = list(read_texts(((b"wire", value, broker_time_us) for value in values), aliases))
    return to_results(texts, [scorer_named(name) for name in scorers], analyzed_time_us=analyzed_time_us)


def test_result_carries_its_source() -> None:
    text = news(AT, title="Bitcoin surges", summary=None)

    (result,) = analysed(to_bytes(text))

    message = json.loads(result.value)
    assert result.key == b"btc"
    assert (
        message.pop("model_version") == f"{scorer_named('vader-crypto').version}+{SEED_VERSION.fingerprint}"
    )
    assert message.pop("message_id").startswith(f"btc:{AT_US}:")
    assert message == {
        "v": 1,
        "origin": "generated",
        "symbol": "btc",
        "event_time": "2026-01-31T09:30:00.250001Z",
        "score": 0.5267,
        "label": "positive",
        "p_negative": None,
        "p_neutral": None,
        "p_positive": None,
        "model": "vader-crypto",
        "source": "wire",
        "title": "Bitcoin surges",
        "url": "https://wire.example/1",
        "language": "en",
        "terms": ["surges"],
        "collected_time": text["collected_time"].replace("Z", "").ljust(26, "0") + "Z",
        "analyzed_time": "2026-01-31T09:30:02.250001Z",
    }


@pytest.mark.parametrize(
    "summary",
    [
        "Funds are gone. The post Ethereum crashes appeared first on Bitcoin Magazine.",
        "Les fonds. L’article Ethereum crashes est apparu en premier sur Bitcoin Magazine.",
        "Weg. Der Beitrag Ethereum crashes erschien zuerst auf Bitcoin Magazin.",
        "Fuera. La entrada Ethereum crashes se publicó primero en Bitcoin Magazine.",
        "Funds are gone… Continue reading Ethereum crashes at Bitcoin Magazine →",
    ],
)
def test_publisher_and_repeated_title_at_the_end_of_a_summary_have_no_part_in_a_result(summary: str) -> None:
    with_boilerplate = news(AT, title="Ethereum crashes", summary=summary)
    alone = news(AT, title="Ethereum crashes", summary=None)

    (result,), (expected,) = analysed(to_bytes(with_boilerplate)), analysed(to_bytes(alone))

    assert result.key == b"eth"
    assert json.loads(result.value)["score"] == json.loads(expected.value)["score"]


def test_every_result_is_a_valid_message() -> None:
    titles = ["Bitcoin rallies while Solana tumbles", "El Bitcoin sube tras la decisión", "BTC 90,000"]

    results = analysed(*(to_bytes(news(AT, key=title, title=title)) for title in titles))

    for result in results:
        validated = validate(
            "analyzed-sentiment", key=result.key, value=result.value, broker_time_us=LATER_US
        )
        assert not isinstance(validated, Rejected), validated
    assert len(results) == 4


def test_unsupported_language_is_unscored_and_never_scored_zero() -> None:
    text = news(AT, title="El Bitcoin sube tras la decisión de la Reserva Federal", language=None)

    (result,) = analysed(to_bytes(text))

    message = json.loads(result.value)
    assert (message["score"], message["label"], message["language"]) == (None, "unscored", "es")
    assert message["terms"] == []


def test_repeat_differs_in_the_time_of_analysis_alone() -> None:
    value = to_bytes(news(AT, title="Bitcoin surges"))

    (first,), (again,) = analysed(value), analysed(value, analyzed_time_us=LATER_US + 5)

    assert {**json.loads(first.value), "analyzed_time": ""} == {
        **json.loads(again.value),
        "analyzed_time": "",
    }


def test_each_scorer_has_results_of_its_own() -> None:
    value = to_bytes(news(AT, title="Bitcoin surges", summary=None))

    results = [json.loads(r.value) for r in analysed(value, scorers=("vader-crypto", "e5-logistic"))]

    assert [message["model"] for message in results] == ["vader-crypto", "e5-logistic"]
    assert len({message["message_id"] for message in results}) == 2


def test_rejected_records_are_dropped_and_the_others_scored() -> None:
    good = to_bytes(news(AT, title="Bitcoin surges", summary=None))

    assert len(analysed(b"{", None, good, to_bytes(news(AT) | {"v": 2}))) == 1


def test_text_about_no_asset_has_no_result() -> None:
    assert analysed(to_bytes(news(AT, title="Rates stay where they are", summary=None))) == []


ZED = AssetNames(symbol="zzz", words=("zed",))
ZED_FROM_LATER = AliasHistory((AliasVersion(1, LATER_US, (*SEED, ZED)),))


def test_text_is_analysed_by_the_aliases_of_its_broker_time_at_any_time() -> None:
    value = to_bytes(news(AT, title="Zed surges as Bitcoin slides", summary=None))

    before = analysed(value, aliases=ZED_FROM_LATER, broker_time_us=LATER_US - 1)
    after = analysed(value, aliases=ZED_FROM_LATER)

    assert [result.value for result in before] == [
        result.value for result in analysed(value, broker_time_us=LATER_US - 1)
    ]
    messages = [json.loads(result.value) for result in after]
    assert [(message["symbol"], message["label"]) for message in messages] == [
        ("zzz", "positive"),
        ("btc", "negative"),
    ]
    fingerprint = ZED_FROM_LATER.newest.fingerprint
    assert {message["model_version"].partition("+")[2] for message in messages} == {fingerprint}
    assert fingerprint != SEED_VERSION.fingerprint


def test_text_counts_once_for_an_asset_under_any_aliases() -> None:
    value = to_bytes(news(AT, title="Bitcoin surges", summary=None))

    (first,), (again,) = analysed(value), analysed(value, aliases=ZED_FROM_LATER)

    assert json.loads(first.value)["message_id"] == json.loads(again.value)["message_id"]
    assert first.value != again.value


def test_result_by_other_aliases_is_a_valid_message() -> None:
    value = to_bytes(news(AT, title="Zed surges", summary=None))
    for scorer in ("vader-crypto", "e5-logistic"):
        (result,) = analysed(value, aliases=ZED_FROM_LATER, scorers=(scorer,))
        validated = validate("analyzed-sentiment", key=b"zzz", value=result.value, broker_time_us=LATER_US)
        assert not isinstance(validated, Rejected), validated
