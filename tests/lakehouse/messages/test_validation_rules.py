"""Each rule of the contract, broken once on its own, and the edges of what is accepted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lakehouse.messages import validation
from lakehouse.messages.contract import CONTRACTS, MAX_VALUE_BYTES, make_message_id
from lakehouse.messages.rules import NO_BROKER_TIME, RULES, UNREADABLE
from lakehouse.messages.validation import (
    Rejected,
    message_columns,
    to_epoch_us,
    validate,
    validate_with_reasons,
)
from tests.support.messages import MAKERS, as_stored, news, prediction, price, sentiment, to_bytes

AT = datetime(2026, 1, 31, 9, 30, 0, 250_000, tzinfo=UTC)
AT_US = 1_769_851_800_250_000
BROKER_TIME_US = AT_US + 1_000_000
SENTIMENT, PREDICTION, PRICE, NEWS = "analyzed-sentiment", "predicted-price", "raw-price", "raw-news"


def spoilt(topic: str, **changed: Any) -> bytes:
    return to_bytes(MAKERS[topic](AT) | changed)


def spoilt_news(**changed: str) -> bytes:
    return to_bytes(news(AT) | changed)


def moved(text: str, at: datetime) -> bytes:
    """Return a price whose exchange time is written like this, with the id of this instant."""
    message_id = make_message_id(key="btc", event_time=at, natural_key=("x",))
    return to_bytes(price(AT, message_id=message_id) | {"exchange_time": text})


def columns(levels: list[Any], values: list[Any]) -> dict[str, list[Any]]:
    return {"levels": levels, "values": values}


def move(threshold: Any, probability: Any) -> dict[str, Any]:
    return {"threshold": threshold, "probability": probability}


CASES = (
    ("null_value", PRICE, None, None),
    ("too_large", PRICE, b" " * (MAX_VALUE_BYTES + 1), None),
    ("not_utf8", PRICE, spoilt(PRICE, note="caf?").replace(b"?", b"\xe9"), None),
    ("too_deep", PRICE, spoilt(PRICE)[:-1] + b',"x":' + b"[" * 32 + b"]" * 32 + b"}", None),
    ("malformed_json", PRICE, spoilt(PRICE)[:-1], None),
    ("malformed_json", PRICE, spoilt(PRICE).replace(b"100.0", b"NaN"), None),
    ("malformed_json", PRICE, spoilt(PRICE).replace(b"100.0", b"1e400"), None),
    ("malformed_json", PRICE, b"\xef\xbb\xbf" + spoilt(PRICE), None),
    ("malformed_json", PRICE, spoilt(PRICE) + b"{}", None),
    ("malformed_json", SENTIMENT, spoilt(SENTIMENT).replace(b"Bitcoin gains", b"\\ud800"), None),
    ("not_an_object", PRICE, b"[" + spoilt(PRICE) + b"]", None),
    ("unknown_version", PRICE, spoilt(PRICE, v=2), "v"),
    ("unknown_version", PRICE, spoilt(PRICE, v=True), "v"),
    ("unknown_version", PRICE, spoilt(PRICE, v=1.0), "v"),
    ("unknown_version", PRICE, b"{}", "v"),
    ("missing_field", PRICE, spoilt(PRICE, venue=None), "venue"),
    ("wrong_type", PRICE, spoilt(PRICE, price="100"), "price"),
    ("wrong_type", SENTIMENT, spoilt(SENTIMENT, score=True), "score"),
    ("wrong_type", SENTIMENT, spoilt(SENTIMENT, terms=["a", None]), "terms"),
    ("not_finite", PRICE, spoilt(PRICE, price=10**400), "price"),
    ("out_of_range", SENTIMENT, spoilt(SENTIMENT, score=1.7), "score"),
    ("out_of_range", PRICE, spoilt(PRICE, price=0), "price"),
    ("out_of_range", PREDICTION, spoilt(PREDICTION, nominal_coverage=1), "nominal_coverage"),
    ("out_of_range", PREDICTION, spoilt(PREDICTION, sigma=0), "sigma"),
    ("out_of_range", PREDICTION, spoilt(PREDICTION, p_up=1.01), "p_up"),
    ("out_of_range", PREDICTION, spoilt(PREDICTION, quantiles=columns([0.0], [1.0])), "levels"),
    ("out_of_range", PREDICTION, spoilt(PREDICTION, quantiles=columns([0.5], [0])), "values"),
    ("out_of_range", PREDICTION, spoilt(PREDICTION, moves=[move(0.01, 1.5)]), "probability"),
    ("implausible_number", PREDICTION, spoilt(PREDICTION, quantiles=columns([0.5], [1e300])), "values"),
    ("missing_field", PREDICTION, spoilt(PREDICTION, moves=[{"threshold": 0.01}]), "probability"),
    ("missing_field", PREDICTION, spoilt(PREDICTION, quantiles=columns([0.5, None], [1, 2])), "levels"),
    ("wrong_type", PREDICTION, spoilt(PREDICTION, quantiles=[1.0]), "quantiles"),
    ("wrong_type", PREDICTION, spoilt(PREDICTION, quantiles={"levels": [0.5]}), "quantiles"),
    ("wrong_type", PREDICTION, spoilt(PREDICTION, quantiles=columns([0.5], ["1"])), "values"),
    ("wrong_type", PREDICTION, spoilt(PREDICTION, moves={"threshold": 0.01}), "moves"),
    ("wrong_type", PREDICTION, spoilt(PREDICTION, moves=[0.01]), "moves"),
    ("wrong_type", PREDICTION, spoilt(PREDICTION, moves=[move(True, 0.5)]), "threshold"),
    ("bad_format", PREDICTION, spoilt(PREDICTION, moves=[move(0.01, 0.5)] * 101), "moves"),
    ("bad_format", PREDICTION, spoilt(PREDICTION, quantiles=columns([0.5] * 101, [1.0] * 101)), "quantiles"),
    ("quantiles_disagree", PREDICTION, spoilt(PREDICTION, quantiles=columns([], [])), "quantiles"),
    ("quantiles_disagree", PREDICTION, spoilt(PREDICTION, quantiles=columns([0.4, 0.5], [1])), "quantiles"),
    (
        "quantiles_disagree",
        PREDICTION,
        spoilt(PREDICTION, quantiles=columns([0.5, 0.5], [1, 1])),
        "quantiles",
    ),
    (
        "quantiles_disagree",
        PREDICTION,
        spoilt(PREDICTION, quantiles=columns([0.4, 0.5], [2, 1])),
        "quantiles",
    ),
    ("moves_disagree", PREDICTION, spoilt(PREDICTION, moves=[]), "moves"),
    ("moves_disagree", PREDICTION, spoilt(PREDICTION, moves=[move(0.01, 0.2), move(0.01, 0.2)]), "moves"),
    ("moves_disagree", PREDICTION, spoilt(PREDICTION, moves=[move(0.01, 0.2), move(0.02, 0.3)]), "moves"),
    ("implausible_number", PRICE, spoilt(PRICE, price=1e300), "price"),
    ("bad_format", SENTIMENT, spoilt(SENTIMENT, label="bullish"), "label"),
    ("bad_format", SENTIMENT, spoilt(SENTIMENT, terms=["x"] * 101), "terms"),
    ("bad_format", SENTIMENT, spoilt(SENTIMENT, model="lexicon\n"), "model"),
    ("bad_time", PRICE, spoilt(PRICE, exchange_time="2026-01-31T09:30:00.25+01:00"), "exchange_time"),
    ("bad_time", SENTIMENT, spoilt(SENTIMENT, analyzed_time="yesterday"), "analyzed_time"),
    (
        "time_too_old",
        PRICE,
        moved("1970-01-01T00:00:01Z", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        "exchange_time",
    ),
    (
        "time_in_future",
        PRICE,
        moved("2026-02-01T00:00:00Z", datetime(2026, 2, 1, tzinfo=UTC)),
        "exchange_time",
    ),
    (
        "event_too_old",
        PRICE,
        moved("2025-11-02T09:29:59Z", datetime(2025, 11, 2, 9, 29, 59, tzinfo=UTC)),
        "exchange_time",
    ),
    ("score_contradicts_label", SENTIMENT, spoilt(SENTIMENT, score=None), "score"),
    ("score_contradicts_label", SENTIMENT, spoilt(SENTIMENT, label="unscored"), "score"),
    ("score_contradicts_label", SENTIMENT, spoilt(SENTIMENT, label="unsure"), "score"),
    ("probabilities_contradict", SENTIMENT, spoilt(SENTIMENT, p_negative=0.2), "p_positive"),
    (
        "probabilities_contradict",
        SENTIMENT,
        spoilt(SENTIMENT, p_negative=0.2, p_neutral=0.2, p_positive=0.2),
        "p_positive",
    ),
    (
        "out_of_range",
        SENTIMENT,
        spoilt(SENTIMENT, p_negative=-0.2, p_neutral=0.6, p_positive=0.6),
        "p_negative",
    ),
    ("interval_reversed", PREDICTION, spoilt(PREDICTION, lower=103), "lower"),
    ("interval_incomplete", PREDICTION, spoilt(PREDICTION, upper=None), "upper"),
    ("horizon_mismatch", PREDICTION, spoilt(PREDICTION, horizon="24h"), "target_time"),
    ("id_mismatch", PRICE, spoilt(PRICE, message_id=f"btc:{AT_US + 1}:x"), "message_id"),
)


@pytest.mark.parametrize(("rule", "topic", "value", "field"), CASES)
@pytest.mark.parametrize("validate_one", [validate, validate_with_reasons])
def test_a_message_that_breaks_a_rule_is_rejected_by_that_rule(
    rule: str, topic: str, value: bytes | None, field: str | None, validate_one: Any
) -> None:
    result = validate_one(topic, key=b"btc", value=value, broker_time_us=BROKER_TIME_US)

    assert isinstance(result, Rejected)
    assert (result.rule, result.field) == (rule, field)
    assert result.reason


@pytest.mark.parametrize("validate_one", [validate, validate_with_reasons])
@pytest.mark.parametrize(
    ("topic", "field", "number", "rule"),
    [
        (PRICE, "price", 1e-24, None),
        (PRICE, "price", 1e-12, None),
        (PRICE, "price", 7.7e-7, None),
        (PRICE, "price", 3e-20, None),
        (PRICE, "price", 2_600_000_000, None),
        (PRICE, "price", 1e24, None),
        (PRICE, "price", 9.99e-25, "implausible_number"),
        (PRICE, "price", 1.01e24, "implausible_number"),
        (PRICE, "price", 1e-320, "implausible_number"),
        (PRICE, "price", 5e-324, "implausible_number"),
        (PRICE, "price", 1.7e308, "implausible_number"),
        (PRICE, "price", 10**30, "implausible_number"),
        (PRICE, "price", -0.0, "implausible_number"),
        (PRICE, "price", 0.0, "out_of_range"),
        (PRICE, "price", -1e-320, "out_of_range"),
        (PRICE, "price", -1.0, "out_of_range"),
        (PRICE, "base_volume", 0, None),
        (PRICE, "base_volume", 0.0, None),
        (PRICE, "base_volume", None, None),
        (PRICE, "base_volume", 1e-24, None),
        (PRICE, "base_volume", 4.2e17, None),
        (PRICE, "base_volume", 1e-320, "implausible_number"),
        (PRICE, "base_volume", 1e300, "implausible_number"),
        (PRICE, "base_volume", -0.0, "implausible_number"),
        (PRICE, "base_volume", -1, "out_of_range"),
        (PREDICTION, "base_price", 1e-320, "implausible_number"),
        (PREDICTION, "predicted_price", 1e300, "implausible_number"),
        (PREDICTION, "lower", 0, None),
        (PREDICTION, "lower", -1.0, None),
        (PREDICTION, "lower", 1e-320, "implausible_number"),
        (PREDICTION, "lower", -1e300, "implausible_number"),
        (PREDICTION, "lower", -0.0, "implausible_number"),
        (PREDICTION, "upper", 1e300, "implausible_number"),
    ],
)
def test_prices_and_amounts_of_magnitudes_that_none_has_are_rejected_by_a_rule_of_their_own(
    topic: str, field: str, number: float | None, rule: str | None, validate_one: Any
) -> None:
    value = spoilt(topic, **{field: number})

    result = validate_one(topic, key=b"btc", value=value, broker_time_us=BROKER_TIME_US)

    assert (result.rule if isinstance(result, Rejected) else None) == rule
    if isinstance(result, Rejected):
        assert result.field == field
        assert field in result.reason
        assert "accepted" in result.reason


def test_a_message_under_another_key_is_rejected() -> None:
    results = [
        validate(PRICE, key=key, value=spoilt(PRICE), broker_time_us=BROKER_TIME_US)
        for key in (None, b"", b"BTC", b"eth", b"btc ")
    ]

    assert {v.rule for v in results if isinstance(v, Rejected)} == {"key_mismatch"}
    assert len([v for v in results if isinstance(v, Rejected)]) == 5


@pytest.mark.parametrize(
    "fields",
    [
        {"p_negative": 0.1, "p_neutral": 0.2, "p_positive": 0.7},
        {"p_negative": 0.3334, "p_neutral": 0.3333, "p_positive": 0.3334},
        {"p_negative": 0, "p_neutral": 1, "p_positive": 0},
        {"score": None, "label": "unsure", "p_negative": 0.4, "p_neutral": 0.3, "p_positive": 0.3},
        {"score": None, "label": "unsure"},
        {"p_negative": None, "p_neutral": None, "p_positive": None},
        {},
    ],
)
@pytest.mark.parametrize("validate_one", [validate, validate_with_reasons])
def test_sentiment_with_or_without_probabilities_is_accepted(
    fields: dict[str, Any], validate_one: Any
) -> None:
    value = spoilt(SENTIMENT, **fields)

    row = validate_one(SENTIMENT, key=b"btc", value=value, broker_time_us=BROKER_TIME_US)

    assert not isinstance(row, Rejected), row
    given = as_stored(SENTIMENT, row)
    assert {name: given[name] for name in fields} == fields


def test_every_rule_has_a_case() -> None:
    assert {case[0] for case in CASES} | {"key_mismatch", NO_BROKER_TIME, UNREADABLE} == set(RULES)


@pytest.mark.parametrize("validate_one", [validate, validate_with_reasons])
@pytest.mark.parametrize("broker_time_us", [0, -1000, 1_000, -62_135_596_800_000_000, 1_230_940_000_000_000])
@pytest.mark.parametrize("topic", [SENTIMENT, PREDICTION, PRICE])
def test_a_record_whose_producer_sent_no_timestamp_is_rejected_by_a_rule_of_its_own(
    topic: str, broker_time_us: int, validate_one: Any
) -> None:
    result = validate_one(topic, key=b"btc", value=spoilt(topic), broker_time_us=broker_time_us)

    assert isinstance(result, Rejected)
    assert (result.rule, result.field) == (NO_BROKER_TIME, None)
    assert f"{broker_time_us // 1000} ms" in result.reason
    assert "LogAppendTime" in result.reason


@pytest.mark.parametrize("error", [RecursionError("deep"), ValueError(), OverflowError("int"), KeyError("x")])
def test_a_message_at_which_validation_itself_fails_is_one_rejected_message(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(validation, "decode_fields", fail)
    result = validate(PRICE, key=b"btc", value=b"{}", broker_time_us=BROKER_TIME_US)

    assert isinstance(result, Rejected)
    assert (result.rule, result.field) == (UNREADABLE, None)
    assert type(error).__name__ in result.reason


@pytest.mark.parametrize("validate_one", [validate, validate_with_reasons])
def test_a_text_that_nobody_could_score_becomes_a_row_without_a_score(validate_one: Any) -> None:
    message = sentiment(AT, score=None, label="unscored")

    row = validate_one(SENTIMENT, key=b"btc", value=to_bytes(message), broker_time_us=BROKER_TIME_US)

    values = as_stored(SENTIMENT, row)
    assert (values["score"], values["label"]) == (None, "unscored")


def test_a_sentiment_becomes_its_row() -> None:
    message = sentiment(AT, note={"a": [1, 2.5]}, score=-1)

    row = validate(SENTIMENT, key=b"btc", value=to_bytes(message), broker_time_us=BROKER_TIME_US)

    assert as_stored(SENTIMENT, row) == {
        "message_id": message["message_id"],
        "origin": "generated",
        "symbol": "btc",
        "event_time": AT_US,
        "score": -1.0,
        "label": "positive",
        "p_negative": None,
        "p_neutral": None,
        "p_positive": None,
        "model": "lexicon",
        "model_version": "1",
        "source": "wire",
        "title": "Bitcoin gains",
        "url": None,
        "language": None,
        "terms": ["gains"],
        "collected_time": None,
        "analyzed_time": None,
        "extra": '{"note":{"a":[1,2.5]}}',
    }


def test_a_forecast_becomes_its_row() -> None:
    row = validate(PREDICTION, key=b"btc", value=to_bytes(prediction(AT)), broker_time_us=BROKER_TIME_US)

    columns = as_stored(PREDICTION, row)
    assert (columns["made_at"], columns["target_time"]) == (AT_US, AT_US + 3_600_000_000)
    assert (columns["lower"], columns["upper"], columns["extra"]) == (98.0, 102.0, None)


def test_a_ticker_becomes_its_row_under_the_names_of_the_table() -> None:
    row = validate(PRICE, key=b"btc", value=to_bytes(price(AT, price=7)), broker_time_us=BROKER_TIME_US)

    columns = as_stored(PRICE, row)
    assert (columns["symbol"], columns["event_time"], columns["price"]) == ("btc", AT_US, 7.0)
    assert columns["base_volume"] is None


def test_a_text_becomes_its_row_keyed_by_its_source() -> None:
    row = validate(NEWS, key=b"wire", value=to_bytes(news(AT, guid=None)), broker_time_us=BROKER_TIME_US)

    columns = as_stored(NEWS, row)
    assert (columns["source"], columns["event_time"], columns["dated_by"]) == ("wire", AT_US, "published")
    assert (columns["title"], columns["guid"], columns["collected_time"]) == ("Bitcoin gains", None, AT_US)


@pytest.mark.parametrize(
    ("key", "changed", "rule"),
    [
        (b"btc", {}, "key_mismatch"),
        (b"wire", {"source": "The Wire"}, "bad_format"),
        (b"wire", {"message_id": f"btc:{AT_US}:x"}, "id_mismatch"),
        (b"wire", {"dated_by": "guess"}, "bad_format"),
    ],
)
def test_a_text_that_is_not_its_sources_is_rejected(key: bytes, changed: dict[str, str], rule: str) -> None:
    result = validate(NEWS, key=key, value=spoilt_news(**changed), broker_time_us=BROKER_TIME_US)

    assert isinstance(result, Rejected)
    assert result.rule == rule


def test_columns_of_a_valid_message_are_columns_of_the_table() -> None:
    for topic, contract in CONTRACTS.items():
        assert set(message_columns(topic)) <= set(contract.table.column_names)
        assert contract.table.sort_by == (contract.key_column, contract.time_column)


def test_the_edges_of_the_event_time_are_inside() -> None:
    latest, oldest = AT + timedelta(minutes=10), AT - timedelta(days=90)
    genesis, genesis_us = datetime(2009, 1, 3, tzinfo=UTC), 1_230_940_800_000_000
    tick = timedelta(microseconds=1)

    for text, at, broker_time_us, accepted in (
        ("2026-01-31T09:40:00.250Z", latest, AT_US, True),
        ("2026-01-31T09:40:00.250001Z", latest + tick, AT_US, False),
        ("2025-11-02T09:30:00.250Z", oldest, AT_US, True),
        ("2025-11-02T09:30:00.249999Z", oldest - tick, AT_US, False),
        ("2009-01-03T00:00:00Z", genesis, genesis_us, True),
        ("2009-01-02T23:59:59.999999Z", genesis - tick, genesis_us, False),
    ):
        result = validate(PRICE, key=b"btc", value=moved(text, at), broker_time_us=broker_time_us)
        assert isinstance(result, tuple) is accepted, text


def test_the_last_of_two_values_of_a_field_counts() -> None:
    value = spoilt(PRICE)[:-1] + b',"pri\\u0063e":5}'

    row = validate(PRICE, key=b"btc", value=value, broker_time_us=BROKER_TIME_US)

    assert as_stored(PRICE, row)["price"] == 5.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-01-31T09:30:00.25Z", AT_US),
        ("2026-01-31T09:30:00.25+00:00", AT_US),
        ("2026-01-31T09:30:00.250000999Z", AT_US),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
    ],
)
def test_a_time_is_read_to_the_microsecond_and_cut(text: str, expected: int) -> None:
    assert [to_epoch_us(text), to_epoch_us(text)] == [expected, expected]


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T09:30:00",
        "2026-01-31t09:30:00Z",
        "2026-01-31T09:30:00z",
        "2026-01-31 09:30:00Z",
        "2026-01-31T09:30:00+01:00",
        "2026-01-31T09:30:00-00:00",
        "2026-01-31T09:30:00.1234567890Z",
        "2026-01-31T09:30:00.Z",
        "2026-01-31T09:30:00Z\n",
        "2026-01-31T24:00:00Z",
        "2026-01-31T23:59:60Z",
        "2026-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2026-01-31T09:30:0\u0661Z",
        "",
    ],
)
def test_what_is_not_rfc_3339_in_utc_is_no_time(text: str) -> None:
    to_epoch_us("2026-01-31T09:30:00Z")

    with pytest.raises(ValueError):  # noqa: PT011 - its message is the text or Python's own
        to_epoch_us(text)


@pytest.mark.parametrize("validate_one", [validate, validate_with_reasons])
@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (
            {
                "quantiles": columns([0.05, 0.5, 0.95], [98, 100.0, 100.0]),
                "moves": [move(0.005, 1), move(0.01, 1.0)],
                "sigma": 0.01,
                "p_up": 0.5,
                "p_up_base_rate": 0,
            },
            {
                "quantiles": columns([0.05, 0.5, 0.95], [98.0, 100.0, 100.0]),
                "moves": [move(0.005, 1.0), move(0.01, 1.0)],
                "sigma": 0.01,
                "p_up": 0.5,
                "p_up_base_rate": 0.0,
            },
        ),
        (
            {"quantiles": columns([0.5], [1.0]) | {"unit": "usd"}, "moves": [move(1, 0) | {"side": "up"}]},
            {"quantiles": columns([0.5], [1.0]), "moves": [move(1.0, 0.0)]},
        ),
        ({}, {"quantiles": None, "moves": None, "sigma": None, "p_up": None, "p_up_base_rate": None}),
        ({"quantiles": None, "moves": None}, {"quantiles": None, "moves": None}),
    ],
    ids=["whole", "more than the contract names", "a message of before", "nulls"],
)
def test_distribution_of_a_forecast_is_stored_as_it_was_sent(
    given: dict[str, Any], stored: dict[str, Any], validate_one: Any
) -> None:
    value = spoilt(PREDICTION, **given)
    row = validate_one(PREDICTION, key=b"btc", value=value, broker_time_us=BROKER_TIME_US)
    assert not isinstance(row, Rejected), row
    values = as_stored(PREDICTION, row)
    assert {name: values[name] for name in stored} == stored
