"""The overview in the OpenAPI document: its operation, its answer and its rows."""

from api.docs.answer_schemas import MARKET
from api.history.symbol_lists import ALL_SYMBOLS, MAX_SYMBOLS, SYMBOLS, SYMBOLS_ACCEPTED, SYMBOLS_SHAPE
from api.http.json_schema import (
    COUNT,
    NUMBER,
    STRING,
    TIME,
    Document,
    array_of,
    described,
    nullable,
    object_of,
    reference,
)
from api.http.operations import OPEN_BY_DEFAULT, Tag, operation
from lakehouse.overview.rows import N_SPARKLINE

OVERVIEW_PATH = "/api/v1/apercu"
OVERVIEW_HEADERS: Document = {
    "ETag": {"description": "weak: changes when a row would say something else", "schema": STRING},
    "Cache-Control": {"description": "no-cache: a client may store, and has to revalidate", "schema": STRING},
}
_BASE = "the last price at most an hour before the span, of the same market; null where there is none"
_ROW: Document = {
    "symbol": described(STRING, "symbol, in lower case"),
    "name": described(nullable(STRING), "name in the catalogue, at most 10 s old; null where it names none"),
    "price": described(nullable(NUMBER), "last price of the primary market; null without one in 24 h"),
    "market": {**nullable(MARKET), "description": "market of the price; null without one"},
    "change_1h": described(
        nullable(NUMBER), f"share (0.01: 1 %) that the price changed by in 1 h, from {_BASE}"
    ),
    "change_24h": described(nullable(NUMBER), "the same of 24 h"),
    "change_7d": described(nullable(NUMBER), "the same of 7 d"),
    "sparkline": {
        **array_of(nullable(NUMBER)),
        "minItems": N_SPARKLINE,
        "maxItems": N_SPARKLINE,
        "description": "last price of each of the last 24 hours of UTC, ascending, this one included; null where the "
        "hour has none, or another primary market",
    },
    "sentiment_24h": described(
        nullable(NUMBER), "mean score of the last 24 h, in [-1, 1]; null without texts"
    ),
    "sentiment_change": described(
        nullable(NUMBER), "its change against the 24 h before; null where either lacks"
    ),
    "n_texts_24h": described(COUNT, "texts of the last 24 h that have a score"),
    "range_24h": described(
        nullable(reference("PredictedRange")),
        "range of the newest forecast over 24 h that was made in the last 24 h; null without one",
    ),
    "event_time": described(nullable(TIME), "when the price was; null without one"),
}
_RANGE: Document = {
    "lower": described(nullable(NUMBER), "lower end, in quote; null where the forecast names none"),
    "upper": described(nullable(NUMBER), "upper end, in quote; null where the forecast names none"),
    "coverage": described(NUMBER, "share of outcomes that it is meant to cover"),
    "quote": described(STRING, "currency of its prices"),
    "model": described(STRING, "model that made it"),
    "made_at": described(TIME, "when it was made"),
    "target_time": described(TIME, "instant that it is about"),
}


def overview_path() -> Document:
    """Return the path item."""
    urls = (OVERVIEW_PATH, f"{OVERVIEW_PATH}?{SYMBOLS}={ALL_SYMBOLS}", f"{OVERVIEW_PATH}?{SYMBOLS}=btc")
    parameter = {
        "name": SYMBOLS,
        "in": "query",
        "required": False,
        "description": f"symbols to answer, in this order; default {ALL_SYMBOLS}, in alphabetical order. "
        f"Accepted: {SYMBOLS_ACCEPTED}. For example btc",
        "schema": {"type": "string", "pattern": SYMBOLS_SHAPE},
    }
    document = operation(
        "apercu",
        Tag.HISTORIES,
        "The latest of each symbol: price, changes, sparkline, sentiment, forecast range",
        "All of one snapshot, messages beyond it included, as of the next whole minute. "
        f"Try: {', '.join(f'[{url}]({url})' for url in urls)}",
        schema=reference("Overview"),
        meaning="a row for each symbol",
        failures=("404",),
        parameters=[parameter],
        security=OPEN_BY_DEFAULT,
        headers=OVERVIEW_HEADERS,
    )
    document["responses"]["304"] = {"description": "the answer that If-None-Match names is current"}
    return {"get": document}


def overview_schemas() -> Document:
    """Return {name: schema} of the overview."""
    asked = {
        "symboles": described(
            {**nullable(array_of(STRING)), "maxItems": MAX_SYMBOLS}, "symbols that were asked for; null: all"
        ),
        "instant": described(TIME, "end of the spans: what is at or after it is in no row"),
    }
    answer = {
        "requete": described(object_of(asked), "the request as it was understood"),
        "actifs": described(array_of(reference("OverviewRow")), "one row for each symbol"),
        "snapshot": described(array_of(reference("Snapshot")), "one entry for each table that was read"),
    }
    return {
        "Overview": described(object_of(answer), "the latest of each symbol"),
        "OverviewRow": described(object_of(_ROW), "the latest of one symbol"),
        "PredictedRange": described(object_of(_RANGE), "range that a forecast over 24 h names"),
    }
