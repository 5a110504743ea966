"""Frames of the WebSocket: those of clients, validated, and the envelopes that clients receive. Pure."""

import time
from collections.abc import Collection, Mapping
from functools import cache
from typing import Annotated, Any, Literal

import msgspec

from api.history.symbols import UNKNOWN_SYMBOL_ACCEPTED
from api.http.encoding import encode_json
from api.http.instants import shown
from api.http.patterns import in_any_case
from api.http.series_names import SERIES_BY_NAME
from lakehouse.delta.position import Position
from lakehouse.errors import QueryError
from lakehouse.messages.contract import SYMBOL_PATTERN, whole_text
from lakehouse.process.suggestions import did_you_mean
from lakehouse.tail.rows import TailRow, column_indices
from lakehouse.tail.store import TAIL_TOPICS
from lakehouse.time_range import format_us

VERSION = 1
MAX_FRAME_BYTES = 64 * 1024
MAX_SYMBOLS = 100
Frame = bytes
CHANNELS = tuple(SERIES_BY_NAME)
"""A channel is a series."""

_Symbol = Annotated[str, msgspec.Meta(pattern=whole_text(in_any_case(SYMBOL_PATTERN)))]
_Channel = Annotated[str, msgspec.Meta(max_length=20)]
_Channels = Annotated[list[_Channel], msgspec.Meta(min_length=1, max_length=MAX_SYMBOLS)]
_Symbols = Annotated[list[_Symbol], msgspec.Meta(min_length=1, max_length=MAX_SYMBOLS)]
_Offsets = Annotated[list[Annotated[int, msgspec.Meta(ge=-1, le=2**62)]], msgspec.Meta(max_length=10_000)]
_ACCEPTED = 'an object such as {"v": 1, "type": "subscribe", "channels": ["sentiment"], "symbols": ["btc"]}'


class Subscribe(msgspec.Struct, tag_field="type", tag="subscribe", frozen=True, forbid_unknown_fields=True):
    """Frame that subscribes; ``depuis`` is the position of a history answer or of the last update, to resume from."""

    channels: _Channels
    symbols: _Symbols
    depuis: dict[str, _Offsets] | None = None
    v: Literal[1] = 1


class Unsubscribe(
    msgspec.Struct, tag_field="type", tag="unsubscribe", frozen=True, forbid_unknown_fields=True
):
    """Frame that ends subscriptions."""

    channels: _Channels
    symbols: _Symbols
    v: Literal[1] = 1


_DECODER = msgspec.json.Decoder(Subscribe | Unsubscribe)


def parse_frame(text: str | bytes) -> Subscribe | Unsubscribe:
    """Return a client's frame, its channels and symbols in lower case.

    Raises QueryError with what is wrong and what is accepted.
    """
    try:
        frame: Subscribe | Unsubscribe = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise QueryError(parameter="message", problem=str(error), accepted=_ACCEPTED) from error
    channels = [_to_channel(channel) for channel in frame.channels]
    return msgspec.structs.replace(frame, channels=channels, symbols=[name.lower() for name in frame.symbols])


def pairs_of(frame: Subscribe | Unsubscribe) -> list[tuple[str, str]]:
    """Return each (channel, symbol) of a frame once."""
    return list(dict.fromkeys((channel, symbol) for channel in frame.channels for symbol in frame.symbols))


def _to_channel(name: str) -> str:
    if name.lower() not in CHANNELS:
        accepted = ", ".join(CHANNELS) + did_you_mean(name, CHANNELS)
        raise QueryError(parameter="channels", problem=f"{shown(name)} is no channel", accepted=accepted)
    return name.lower()


def table_of(channel: str) -> str:
    """Return the gold table of a channel."""
    return SERIES_BY_NAME[channel].table.name


@cache
def channel_of(table: str) -> str:
    """Return the channel of a gold table."""
    return next(name for name, series in SERIES_BY_NAME.items() if series.table.name == table)


def update_frame(table: str, row: TailRow, *, kind: str = "update") -> Frame:
    """Return a row as the history shows it, without what the history adds to it later."""
    after = Position({row.source: row.offset + 1})
    return envelope(
        kind,
        channel=channel_of(table),
        symbol=row.symbol,
        position=after,
        event_time_us=row.time_us,
        data=row_point(table, row),
    )


def row_point(table: str, row: TailRow) -> dict[str, Any]:
    """Return a row as the point of an update."""
    return {
        name: format_us(value) if is_time and value is not None else value
        for name, value, is_time in ((name, row.values[at], is_time) for name, at, is_time in _columns(table))
    }


def envelope(
    kind: str,
    *,
    channel: str | None = None,
    symbol: str | None = None,
    position: Position | None = None,
    event_time_us: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> Frame:
    """Return the JSON envelope that every frame of the server is."""
    return encode_json(
        {
            "v": VERSION,
            "type": kind,
            "channel": channel,
            "symbol": symbol,
            "position": None if position is None else position.to_json(),
            "event_time": None if event_time_us is None else format_us(event_time_us),
            "emitted_at": format_us(time.time_ns() // 1000),
            "data": data,
        }
    )


def gap_frame(channel: str, symbol: str, position: Position | None, reason: str) -> Frame:
    """Return the frame for missed rows: a client reads the history, then subscribes from its position."""
    return envelope(
        "gap",
        channel=channel,
        symbol=symbol,
        position=position,
        data={"reason": reason, "refetch": f"/api/v1/{channel}/{symbol}/historique"},
    )


def error_frame(code: str, detail: str, accepted: str | None = None, *, symbol: str | None = None) -> Frame:
    """Return the frame that tells a client what was wrong."""
    return envelope("error", symbol=symbol, data={"code": code, "detail": detail, "accepted": accepted})


def unknown_symbol_frame(symbol: str, known: Collection[str]) -> Frame:
    """Return the frame for a symbol that no table has seen. It is subscribed, for it may be yet to come."""
    accepted = UNKNOWN_SYMBOL_ACCEPTED + did_you_mean(symbol, known)
    detail = f"{symbol} is not a symbol that this lake has seen; its rows are sent once there are any"
    return error_frame("unknown_symbol", detail, accepted, symbol=symbol)


@cache
def _columns(table: str) -> tuple[tuple[str, int, bool], ...]:
    series, places = SERIES_BY_NAME[channel_of(table)], column_indices(TAIL_TOPICS[table].topic)
    types = {column.name: column.type for column in series.table.columns}
    return tuple((name, places[name], types[name] == "timestamp") for name in series.raw_columns)
