"""Messages that a hostile or broken producer may send, drawn from a seed: good ones, then spoilt.

Used wherever two implementations of validation are compared: the same seed gives the same messages.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from lakehouse.messages.contract import CONTRACTS, MAX_NESTING, MAX_VALUE_BYTES, make_message_id
from tests.support.hostile_distributions import draw_distribution
from tests.support.hostile_tokens import FRACTIONS, NUMBERS, OTHERS, STRINGS, TIMES
from tests.support.messages import MAKERS

BROKER_TIME = datetime(2026, 3, 1, 12, tzinfo=UTC)
BROKER_TIME_US = 1_772_366_400_000_000
_NO_TIMES_US = (0, -1_000, 1_000)
"""Of a producer that sent no timestamp, in a topic that takes those of producers."""

Draw = random.Random


@dataclass(slots=True)
class HostileMessage:
    """A message as Kafka would deliver it; ``what`` names how it was spoilt."""

    topic: str
    key: bytes | None
    value: bytes | None
    what: tuple[str, ...]
    broker_time_us: int = BROKER_TIME_US


@dataclass(slots=True)
class _Draft:
    """A JSON object in the making: names and values are JSON texts, right or wrong."""

    topic: str
    pairs: list[tuple[str, bytes]]
    key: bytes | None
    body: bytes | None = None
    what: list[str] = field(default_factory=list)

    def set(self, name: str, value: bytes) -> None:
        at = next((at for at, pair in enumerate(self.pairs) if pair[0] == name), None)
        if at is None:
            self.pairs.append((name, value))
        else:
            self.pairs[at] = (name, value)

    def to_bytes(self) -> bytes:
        inside = b",".join(_quoted(name) + b":" + value for name, value in self.pairs)
        return b"{" + inside + b"}"


def hostile_messages(n: int, *, seed: int = 1) -> Iterator[HostileMessage]:
    """``n`` messages, of which about one in ten is left good; others are good in spite of it all."""
    draw = random.Random(seed)
    topics = sorted(CONTRACTS)
    for _ in range(n):
        draft = _good_draft(draw, draw.choice(topics))
        for _ in range(draw.choice((0, 1, 1, 1, 1, 1, 2, 2, 3))):
            name, spoil = draw.choice(_FIELD_SPOILS)
            spoil(draw, draft)
            draft.what.append(name)
        draft.body = draft.to_bytes()
        if draw.random() < 0.25:
            name, spoil = draw.choice(_BYTE_SPOILS)
            spoil(draw, draft)
            draft.what.append(name)
        broker_time_us = draw.choice(_NO_TIMES_US) if draw.random() < 0.02 else BROKER_TIME_US
        yield HostileMessage(draft.topic, draft.key, draft.body, tuple(draft.what), broker_time_us)


def _good_draft(draw: Draw, topic: str) -> _Draft:
    at = BROKER_TIME - timedelta(microseconds=draw.randrange(40 * 86_400_000_000))
    symbol = draw.choice(("btc", "eth", "sol", "1inch", "a" * 20))
    message = MAKERS[topic](at, symbol=symbol, key=str(draw.random()))
    pairs = [(name, msgspec.json.encode(value)) for name, value in message.items()]
    return _Draft(topic, pairs, symbol.encode())


def _token(draw: Draw) -> bytes:
    return draw.choice(draw.choice((NUMBERS, STRINGS, OTHERS))).encode()


def _time_text(draw: Draw) -> str:
    at = BROKER_TIME - timedelta(seconds=draw.randrange(86_400))
    return draw.choice(TIMES).replace("{d}", f"{at:%Y-%m-%d}").replace("{t}", f"{at:%H:%M:%S}")


def _replace_value(draw: Draw, draft: _Draft) -> None:
    draft.set(draw.choice(CONTRACTS[draft.topic].fields).name, _token(draw))


def _replace_by_same_kind(draw: Draw, draft: _Draft) -> None:
    target = draw.choice(CONTRACTS[draft.topic].fields)
    if target.kind == "time":
        draft.set(target.name, f'"{_time_text(draw)}"'.encode())
    else:
        tokens = {"number": NUMBERS, "integer": NUMBERS, "strings": OTHERS}.get(target.kind, STRINGS)
        draft.set(target.name, draw.choice(tokens).encode())


def _retime(draw: Draw, draft: _Draft) -> None:
    """Another event time in a form that is accepted or nearly, with the id that belongs to it."""
    contract = CONTRACTS[draft.topic]
    second = BROKER_TIME + timedelta(
        seconds=draw.choice((0, -1, 599, 600, 601, -86_400, -7_776_000, -7_776_001, -541_166_401))
    )
    fraction, zone = draw.choice(FRACTIONS), draw.choice(("Z", "+00:00", "Z", "z", "+01:00"))
    draft.set(contract.time_field, f'"{second:%Y-%m-%dT%H:%M:%S}{fraction}{zone}"'.encode())
    at = second + timedelta(microseconds=int(f"{fraction[1:]:0<6}"[:6]))
    symbol = (draft.key or b"btc").decode("ascii", "replace")
    draft.set(
        "message_id", json.dumps(make_message_id(key=symbol, event_time=at, natural_key=("x",))).encode()
    )
    if contract.time_field == "made_at":
        micros = f"{at:%Y-%m-%dT%H:%M:%S.%f}"
        target = datetime.fromisoformat(micros).replace(tzinfo=UTC) + timedelta(hours=1)
        draft.set("target_time", f'"{target:%Y-%m-%dT%H:%M:%S.%f}Z"'.encode())


def _respell_id(draw: Draw, draft: _Draft) -> None:
    ids: tuple[Callable[[str], str], ...] = (
        str.upper,
        lambda text: text + " ",
        lambda text: text + "~._-Z",
        lambda text: text + "\\n",
        lambda text: text + "/",
        lambda text: text + "x" * 109,
        lambda text: text.replace(":", "::", 1),
        lambda text: text.replace(":", ":+", 1),
        lambda text: text.replace(":", ":0", 1),
        lambda text: text.rsplit(":", 1)[0] + ":",
    )
    found = dict(draft.pairs).get("message_id", b'"x"').decode().strip('"')
    draft.set("message_id", f'"{draw.choice(ids)(found)}"'.encode())


def _drop(draw: Draw, draft: _Draft) -> None:
    if draft.pairs:
        draft.pairs.pop(draw.randrange(len(draft.pairs)))


def _double(draw: Draw, draft: _Draft) -> None:
    """Write a name twice: the last value counts, however the name is written."""
    name, value = draw.choice(draft.pairs or [("v", b"1")])
    other = draw.choice((value, _token(draw), b"null"))
    spelt = name if draw.random() < 0.5 else f"\\u{ord(name[0]):04x}{name[1:]}" if name else name
    pair = (spelt, other)
    draft.pairs.insert(draw.choice((0, len(draft.pairs))), pair)


def _add_unknown(draw: Draw, draft: _Draft) -> None:
    name = draw.choice(
        (
            "extra",
            "",
            "V",
            "score ",
            "symbol\\u0000",
            "ключ",
            "\\ud83d\\ude00",
            "\\ud800",
            "__proto__",
            "a\\/b",
        )
    )
    draft.pairs.insert(draw.randrange(len(draft.pairs) + 1), (name, _token(draw)))


def _nest(draw: Draw, draft: _Draft) -> None:
    depth = draw.choice((1, 5, MAX_NESTING - 2, MAX_NESTING - 1, MAX_NESTING, MAX_NESTING + 1, 200, 900))
    opening, closing = draw.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'["[{",', b"]")))
    inside = draw.choice((b"1", b'"]]}}"', b'"\\"[["', b"null"))
    value = opening * depth + inside + closing * draw.choice((depth, depth, depth, depth - 1, depth + 1))
    draft.set(draw.choice(("extra", draw.choice(CONTRACTS[draft.topic].fields).name)), value)


def _break_utf8(draw: Draw, draft: _Draft) -> None:
    broken = draw.choice(
        (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80")
    )
    name = draw.choice(("extra", "title", "symbol", "source", "venue", "model"))
    draft.set(name, b'"a' + broken + b'b"')


def _spoil_key(draw: Draw, draft: _Draft) -> None:
    draft.key = draw.choice(
        (None, b"", b"BTC", b"btc ", b"eth", b"btc", b"\xff", b'"btc"', b"\x00btc", b"b" * 1_000)
    )


def _swap_times(draw: Draw, draft: _Draft) -> None:
    names = [field.name for field in CONTRACTS[draft.topic].fields if field.kind == "time"]
    draft.set(draw.choice(names), f'"{_time_text(draw)}"'.encode())


def _spoil_interval(draw: Draw, draft: _Draft) -> None:
    for name in ("lower", "upper"):
        draft.set(name, draw.choice((b"null", b"98", b"102.5", b"98.0", b"-1e308", b"1e308", b"0", b"-0.0")))


def _spoil_distribution(draw: Draw, draft: _Draft) -> None:
    for name, value in draw_distribution(draw).items():
        draft.set(name, value)


def _unscore(draw: Draw, draft: _Draft) -> None:
    for name in draw.choice((("score", "label"), ("score",), ("label",))):
        draft.set(name, b"null" if name == "score" else b'"unscored"')


_FIELD_SPOILS: tuple[tuple[str, Callable[[Draw, _Draft], None]], ...] = (
    ("value", _replace_value),
    ("same_kind", _replace_by_same_kind),
    ("same_kind", _replace_by_same_kind),
    ("retime", _retime),
    ("retime", _retime),
    ("time", _swap_times),
    ("id", _respell_id),
    ("drop", _drop),
    ("double", _double),
    ("unknown", _add_unknown),
    ("unknown", _add_unknown),
    ("nest", _nest),
    ("utf8", _break_utf8),
    ("key", _spoil_key),
    ("interval", _spoil_interval),
    ("distribution", _spoil_distribution),
    ("unscore", _unscore),
)


def _with(change: Callable[[Draw, bytes], bytes | None]) -> Callable[[Draw, _Draft], None]:
    def spoil(draw: Draw, draft: _Draft) -> None:
        draft.body = change(draw, draft.body or b"")

    return spoil


def _flip(draw: Draw, body: bytes) -> bytes:
    at = draw.randrange(len(body)) if body else 0
    return body[:at] + bytes([draw.randrange(256)]) + body[at + 1 :]


def _trail(draw: Draw, body: bytes) -> bytes:
    return body + draw.choice(
        (b"\n", b" \t\r\n", b"\x00", b"\xff", b"{}", b",", b"//x", b"\xc2\xa0", b"\x0b", b"\x0c")
    )


def _lead(draw: Draw, body: bytes) -> bytes:
    return (
        draw.choice(
            (b"\xef\xbb\xbf", b" \n", b"\x00", b"\xfe\xff", b"\xff\xfe", b"\x1e", b"\xc2\xa0", b"//x\n")
        )
        + body
    )


def _other_body(draw: Draw, body: bytes) -> bytes | None:
    array = b"[" + body + b"]"
    return draw.choice(
        (None, b"", b" ", b"null", b"1", b"NaN", b'"x"', b"[]", b"{}", array, b"{", b"\x00\x00", b"\xff")
    )


def _encoded(draw: Draw, body: bytes) -> bytes:
    return body.decode("utf-8", "replace").encode(draw.choice(("utf-16", "utf-16-le", "utf-32", "utf-7")))


def _big(draw: Draw, body: bytes) -> bytes:
    """Just below, at or above what is accepted; rarely, because it is big."""
    if draw.random() > 0.03 or len(body) < 100:
        return body
    return body + b" " * (MAX_VALUE_BYTES + draw.choice((-1, 0, 1, 900_000)) - len(body))


_BYTE_SPOILS: tuple[tuple[str, Callable[[Draw, _Draft], None]], ...] = (
    ("flip", _with(_flip)),
    ("cut", _with(lambda draw, body: body[: draw.randrange(len(body) + 1)])),
    ("trail", _with(_trail)),
    ("lead", _with(_lead)),
    ("other", _with(_other_body)),
    ("encoding", _with(_encoded)),
    ("big", _with(_big)),
    ("spaces", _with(lambda _, body: body.replace(b":", b" :\t").replace(b",", b"\r\n, "))),
)


def _quoted(name: str) -> bytes:
    return b'"' + name.encode() + b'"'
