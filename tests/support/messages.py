"""Good messages of every topic, to send as they are or to spoil."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from lakehouse.messages.contract import make_message_id
from lakehouse.messages.validation import Row, message_columns

HORIZON = timedelta(hours=1)


def rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def sentiment(event_time: datetime, *, symbol: str = "btc", key: str = "1", **changed: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "message_id": make_message_id(key=symbol, event_time=event_time, natural_key=("sentiment", key)),
        "origin": "generated",
        "symbol": symbol,
        "event_time": rfc3339(event_time),
        "score": 0.5,
        "label": "positive",
        "model": "lexicon",
        "model_version": "1",
        "source": "wire",
        "title": "Bitcoin gains",
        "terms": ["gains"],
    } | changed


def prediction(made_at: datetime, *, symbol: str = "btc", key: str = "1", **changed: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "message_id": make_message_id(key=symbol, event_time=made_at, natural_key=("prediction", key)),
        "origin": "generated",
        "symbol": symbol,
        "made_at": rfc3339(made_at),
        "target_time": rfc3339(made_at + HORIZON),
        "horizon": "1h",
        "model": "random-walk",
        "model_version": "1",
        "base_price": 100.0,
        "predicted_price": 100.0,
        "lower": 98.0,
        "upper": 102.0,
        "nominal_coverage": 0.9,
        "quote": "usd",
    } | changed


def price(exchange_time: datetime, *, symbol: str = "btc", key: str = "1", **changed: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "message_id": make_message_id(key=symbol, event_time=exchange_time, natural_key=("price", key)),
        "origin": "generated",
        "base": symbol,
        "exchange_time": rfc3339(exchange_time),
        "venue": "simx",
        "quote": "usd",
        "price": 100.0,
        "base_volume": None,
    } | changed


def news(published_time: datetime, *, symbol: str = "wire", key: str = "1", **changed: Any) -> dict[str, Any]:
    """``symbol`` stands for the message's key, as in the other makers: here the source."""
    return {
        "v": 1,
        "message_id": make_message_id(key=symbol, event_time=published_time, natural_key=("news", key)),
        "origin": "generated",
        "source": symbol,
        "published_time": rfc3339(published_time),
        "dated_by": "published",
        "title": "Bitcoin gains",
        "summary": "It does.",
        "url": "https://wire.example/1",
        "language": "en",
        "guid": key,
        "collected_time": rfc3339(published_time),
    } | changed


MAKERS = {
    "analyzed-sentiment": sentiment,
    "predicted-price": prediction,
    "raw-price": price,
    "raw-news": news,
}


def to_bytes(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()


def as_stored(topic: str, row: Row) -> dict[str, Any]:
    """Return {gold column: the value of a validated row as the column holds it}, times as epoch microseconds."""
    plain = msgspec.json.decode(msgspec.json.encode(row))
    return dict(zip(message_columns(topic), plain, strict=True))
