"""Message contract: every field of every topic, written once.

Validation (`lakehouse.messages.validation`), the JSON Schemas, the AsyncAPI page and the docs are made from it.
A message is one JSON object in UTF-8, keyed by its symbol (a text: by its source). Fields that the contract
does not name are stored in ``extra``.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from lakehouse.messages.contract_field import Field
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import GOLD_NEWS, GOLD_PREDICTION, GOLD_PRICE, GOLD_SENTIMENT

CONTRACT_VERSION = 1
MAX_VALUE_BYTES = 256 * 1024
MAX_NESTING = 32
MAX_FUTURE = timedelta(minutes=10)
MAX_EVENT_AGE = timedelta(days=90)
"""Largest age of an event at the broker's time. Gold keeps at least as much (`lakehouse.process.retention`), so
that a copy of a message always finds the row that it is a copy of."""
EARLIEST_EVENT_TIME = datetime(2009, 1, 3, tzinfo=UTC)  # Source: the Bitcoin genesis block
SYMBOL_PATTERN = "^[a-z0-9]{1,20}$"
SOURCE_PATTERN = "^[a-z0-9]{1,20}$"
NAME_PATTERN = "^[a-z0-9][a-z0-9._-]{0,63}$"
TIME_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|\\+00:00)$"
HORIZON_PATTERN = "^[1-9][0-9]{0,3}(m|h|d)$"
MESSAGE_ID_PATTERN = "^[a-z0-9]{1,20}:-?[0-9]{1,17}:[A-Za-z0-9._~-]{1,128}$"
MAX_LEVELS = 100
"""Most quantiles and most thresholds of a forecast."""
ORIGINS = ("collected", "generated", "replay")
DATED_BY = ("published", "updated", "first_seen")
UNSCORED, UNSURE = "unscored", "unsure"
LABELS_WITH_SCORE, WITHOUT_SCORE = ("positive", "neutral", "negative"), (UNSCORED, UNSURE)
LABELS = (*LABELS_WITH_SCORE, *WITHOUT_SCORE)
PROBABILITY_TOLERANCE = 1e-3
"""By how much the sum of the probabilities may differ from 1: each is rounded."""


def whole_text(pattern: str) -> str:
    """Return a pattern for whole texts, in every dialect: in Python's `$` matches before a last line break, too.

    >>> import re
    >>> re.search("^[a-z]+$", "btc\\n") is None, re.search(whole_text("^[a-z]+$"), "btc\\n") is None
    (False, True)
    """
    return f"(?:{pattern})(?!\\n)"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageContract:
    """Contract of one topic: its fields, their gold table, and which of them are the key and the event time."""

    topic: str
    title: str
    table: TableSpec
    key_field: str
    time_field: str
    fields: tuple[Field, ...]

    @property
    def key_column(self) -> str:
        """Gold column of the message's Kafka key."""
        return self.field(self.key_field).column or self.key_field

    @property
    def time_column(self) -> str:
        """Gold column of the message's event time."""
        return self.field(self.time_field).column or self.time_field

    @property
    def value_fields(self) -> tuple[Field, ...]:
        """Fields that become gold columns: all but the version."""
        return tuple(field for field in self.fields if field.name != "v")

    def field(self, name: str) -> Field:
        """Return a field by its name."""
        return next(field for field in self.fields if field.name == name)


def _string(name: str, meaning: str, **limits: Any) -> Field:
    return Field(name=name, kind="string", meaning=meaning, **limits)


def _number(name: str, meaning: str, **limits: Any) -> Field:
    return Field(name=name, kind="number", meaning=meaning, **limits)


def _price(name: str, meaning: str, **limits: Any) -> Field:
    return _number(name, meaning, has_magnitude=True, **limits)


def _probability(label: str) -> Field:
    meaning = f"calibrated probability that a person labels the text {label}; null of a model that gives none"
    return _number(f"p_{label}", meaning, required=False, at_least=0, at_most=1)


def _text(name: str, meaning: str, max_length: int) -> Field:
    return _string(name, meaning, required=False, max_length=max_length)


def _time(name: str, meaning: str, **limits: Any) -> Field:
    return Field(name=name, kind="time", meaning=meaning, pattern=TIME_PATTERN, **limits)


_QUANTILE_PARTS = (
    _number("levels", "levels of the quantiles, ascending", above=0, below=1),
    _price("values", "prices at the levels, in quote, not descending", above=0),
)
_MOVE_PARTS = (
    _number("threshold", "size of the move as a share of base_price", above=0),
    _number("probability", "probability of a move larger than that, up or down", at_least=0, at_most=1),
)


def _common(natural_key: str) -> tuple[Field, ...]:
    return (
        Field(
            name="v", kind="integer", meaning="version of this contract", at_least=1, at_most=CONTRACT_VERSION
        ),
        _string(
            "message_id",
            f"key:event time in epoch microseconds:natural key ({natural_key})",
            pattern=MESSAGE_ID_PATTERN,
        ),
        _string("origin", "where the numbers come from", one_of=ORIGINS),
    )


def _model_fields() -> tuple[Field, ...]:
    return (
        _string("model", "model that made the result", pattern=NAME_PATTERN),
        _string("model_version", "version of that model", max_length=64),
    )


def _distribution_fields() -> tuple[Field, ...]:
    return (
        _number("sigma", "deviation of the log return until target_time", required=False, above=0),
        _number(
            "p_up",
            "probability that the price, if it moves, is above base_price; 0.5 where no skill is proven",
            required=False,
            at_least=0,
            at_most=1,
        ),
        _number(
            "p_up_base_rate",
            "share of rises among past moves over this horizon",
            required=False,
            at_least=0,
            at_most=1,
        ),
        Field(
            name="quantiles",
            kind="columns",
            meaning="the predictive distribution: levels and the prices at them",
            required=False,
            max_length=MAX_LEVELS,
            parts=_QUANTILE_PARTS,
        ),
        Field(
            name="moves",
            kind="rows",
            meaning="probabilities of moves of more than a threshold, which ascends",
            required=False,
            max_length=MAX_LEVELS,
            parts=_MOVE_PARTS,
        ),
    )


ANALYZED_SENTIMENT = MessageContract(
    topic="analyzed-sentiment",
    title="One analysed text about one symbol",
    table=GOLD_SENTIMENT,
    key_field="symbol",
    time_field="event_time",
    fields=(
        *_common("source and identity of the text, model, model version"),
        _string("symbol", "lower-case ticker", pattern=SYMBOL_PATTERN),
        _time("event_time", "instant at which the text was published"),
        _number(
            "score",
            f"polarity; null exactly where label is {UNSCORED} or {UNSURE}",
            required=False,
            at_least=-1,
            at_most=1,
        ),
        _string(
            "label",
            f"what the model decided; {UNSCORED} where it does not speak the text's language, {UNSURE} where no label "
            "is as probable as the operator asks for",
            one_of=LABELS,
        ),
        *(_probability(label) for label in ("negative", "neutral", "positive")),
        *_model_fields(),
        _string("source", "where the text was published", max_length=200),
        _text("title", "headline", 2000),
        _text("url", "address of the text", 2000),
        _text("language", "language of the text, BCP 47", 35),
        Field(
            name="terms",
            kind="strings",
            meaning="terms that carried the score",
            required=False,
            max_length=100,
        ),
        _time("collected_time", "instant at which a collector fetched the text", required=False),
        _time("analyzed_time", "instant at which the model scored the text", required=False),
    ),
)

PREDICTED_PRICE = MessageContract(
    topic="predicted-price",
    title="One forecast of one symbol's price by one model for one horizon",
    table=GOLD_PREDICTION,
    key_field="symbol",
    time_field="made_at",
    fields=(
        *_common("model, model version, horizon"),
        _string("symbol", "lower-case ticker", pattern=SYMBOL_PATTERN),
        _time("made_at", "instant at which the forecast was made; the message's event time"),
        _time("target_time", "instant that the forecast is about; made_at + horizon"),
        _string("horizon", "target_time - made_at", pattern=HORIZON_PATTERN),
        *_model_fields(),
        _price("base_price", "price at made_at, in quote", above=0),
        _price("predicted_price", "point forecast, in quote", above=0),
        _price("lower", "lower end of the interval, in quote", required=False),
        _price("upper", "upper end of the interval, in quote", required=False),
        _number(
            "nominal_coverage",
            "share of outcomes that the interval is meant to cover",
            required=False,
            above=0,
            below=1,
        ),
        _string("quote", "currency of every price", pattern=SYMBOL_PATTERN),
        *_distribution_fields(),
    ),
)

RAW_PRICE = MessageContract(
    topic="raw-price",
    title="One trade or ticker observation of one market",
    table=GOLD_PRICE,
    key_field="base",
    time_field="exchange_time",
    fields=(
        *_common("venue, quote, trade id or ticker sequence"),
        _string("base", "base currency", pattern=SYMBOL_PATTERN, column="symbol"),
        _time(
            "exchange_time", "instant that the exchange gave; the message's event time", column="event_time"
        ),
        _string("venue", "exchange, lower case", pattern=NAME_PATTERN),
        _string("quote", "quote currency", pattern=SYMBOL_PATTERN),
        _price("price", "price of one base unit, in quote", above=0),
        _number(
            "base_volume",
            "traded amount in base units; null for a ticker",
            required=False,
            at_least=0,
            has_magnitude=True,
        ),
    ),
)

RAW_NEWS = MessageContract(
    topic="raw-news",
    title="One text as a collector found it",
    table=GOLD_NEWS,
    key_field="source",
    time_field="published_time",
    fields=(
        *_common("the text's guid, canonical URL and normalised title, each empty where it has none"),
        _string("source", "short name of the feed, its slug", pattern=SOURCE_PATTERN),
        _time(
            "published_time",
            "instant at which the text was published; the message's event time",
            column="event_time",
        ),
        _string(
            "dated_by",
            "what published_time is: as the feed says, its last update, or when a collector first saw it",
            one_of=DATED_BY,
        ),
        _string("title", "headline, plain text", max_length=2000),
        _text("summary", "what the feed says beside the headline, plain text", 20_000),
        _text("url", "address of the text", 2000),
        _text("language", "language that the feed names, BCP 47", 35),
        _text("guid", "identity that the feed gives the text", 2000),
        _time("collected_time", "instant at which a collector fetched the text"),
    ),
)

CONTRACTS: Mapping[str, MessageContract] = {
    contract.topic: contract for contract in (ANALYZED_SENTIMENT, PREDICTED_PRICE, RAW_PRICE, RAW_NEWS)
}


@lru_cache(maxsize=256)  # a prediction's natural key is one of a dozen
def _digest(natural_key: tuple[str, ...]) -> str:
    return hashlib.sha256("\x1f".join(natural_key).encode()).hexdigest()[:20]


def make_message_id(*, key: str, event_time: datetime, natural_key: tuple[str, ...]) -> str:
    """Return the deterministic id of a message: the same for the same Kafka key, event time and natural key.

    >>> make_message_id(key="btc", event_time=datetime(2026, 1, 1, tzinfo=UTC), natural_key=("kraken", "usd", "7"))
    'btc:1767225600000000:67961516d9fc25b5866b'
    """
    microseconds = (event_time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return f"{key}:{microseconds}:{_digest(natural_key)}"
