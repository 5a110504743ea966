"""Faults of the generated stream: late messages, duplicates, and poison that breaks a rule of the contract."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lakehouse.messages.contract import (
    ANALYZED_SENTIMENT,
    CONTRACT_VERSION,
    CONTRACTS,
    MAX_VALUE_BYTES,
    PREDICTED_PRICE,
    RAW_PRICE,
    MessageContract,
    make_message_id,
)
from lakehouse.time_range import DAY_US, HOUR_US, SECOND_US, to_time
from streaming.feed.noise import Flags, Floats, Ints, Keys, uniform
from streaming.kafka.messages import Message, to_rfc3339

MAX_LATE_US = 3 * HOUR_US
MAX_DUPLICATE_DELAY_US = 3 * HOUR_US

Poison = Callable[[MessageContract, dict[str, Any], bytes], tuple[bytes, bytes | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRates:
    """Shares of messages that are late, that are sent twice, and beside which a broken one is sent."""

    late: float = 0.0
    duplicates: float = 0.0
    poison: float = 0.0

    @property
    def max_delay_us(self) -> int:
        """Return how long after its usual moment a message may still be published."""
        return (MAX_LATE_US if self.late else 0) + (MAX_DUPLICATE_DELAY_US if self.duplicates else 0)


NO_FAULTS = FaultRates()


def late_us(keys: Keys, rates: FaultRates) -> Ints:
    """Return the delay of each message: mostly 0, else from two minutes to three hours."""
    delay = 120e6 * np.exp(uniform(keys, 21) * np.log(MAX_LATE_US / 120e6))
    return np.where(uniform(keys, 20) < rates.late, delay, 0.0).astype(np.int64)


def is_duplicated(keys: Keys, rates: FaultRates) -> Flags:
    return uniform(keys, 22) < rates.duplicates


def duplicate_delay_us(keys: Keys) -> Ints:
    """Return the delay of each second copy after the first: seconds for most, up to three hours for some."""
    soon: Floats = 2e6 * uniform(keys, 24)
    hours_later = MAX_DUPLICATE_DELAY_US * uniform(keys, 25)
    return np.where(uniform(keys, 23) < 0.7, soon, hours_later).astype(np.int64)


def is_poisoned(keys: Keys, rates: FaultRates) -> Flags:
    return uniform(keys, 26) < rates.poison


def to_poison(message: Message, draw: float) -> Message:
    """Return a broken variant of a good message; ``draw`` in (0, 1) selects the way in which it is broken."""
    contract = CONTRACTS[message.topic]
    names = [name for name in POISONS if contract in _POISONED_TOPICS.get(name, CONTRACTS.values())]
    assert message.value is not None
    key, value = POISONS[names[int(draw * len(names))]](contract, json.loads(message.value), message.key)
    return Message(topic=message.topic, key=key, value=value, publish_us=message.publish_us + 1_000)


def _with_fields(**changes: object) -> Poison:
    return lambda _, fields, key: (key, json.dumps(fields | changes).encode())


def _with_number(change: Callable[[Any], object]) -> Poison:
    """Return a poison that changes the contract's first number."""

    def poison(contract: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
        name = next(field.name for field in contract.fields if field.kind == "number")
        return key, json.dumps(fields | {name: change(fields[name])}).encode()

    return poison


def _at_time(move: Callable[[int], int]) -> Poison:
    """Return a poison that moves the event time, with an id that agrees with it."""

    def poison(contract: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
        time_us = move(int(fields["message_id"].split(":")[1]))
        natural_key = (fields["message_id"],)
        message_id = make_message_id(
            key=fields[contract.key_field], event_time=to_time(time_us), natural_key=natural_key
        )
        moved = {"message_id": message_id, contract.time_field: to_rfc3339(time_us)}
        return key, json.dumps(fields | moved).encode()

    return poison


def _truncated(_: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    encoded = json.dumps(fields).encode()
    return key, encoded[: len(encoded) // 2]


def _interval_reversed(_: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    return key, json.dumps(fields | {"lower": fields["upper"], "upper": fields["lower"]}).encode()


def _wrong_key(_: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    return b"eth" if key != b"eth" else b"btc", json.dumps(fields).encode()


def _not_utf8(_: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    return key, json.dumps(fields | {"comment": "caf?"}).encode().replace(b"caf?", b"caf\xe9")


POISONS: Mapping[str, Poison] = {
    "malformed_json": _truncated,
    "not_a_number": _with_number(lambda _: float("nan")),
    "score_too_high": _with_fields(score=1.7),
    "price_below_zero": _with_fields(price=-1.0),
    "interval_reversed": _interval_reversed,
    "number_as_text": _with_number(str),
    "year_1970": _at_time(lambda _: SECOND_US),
    "far_future": _at_time(lambda time_us: time_us + 4_000 * DAY_US),
    "unknown_version": _with_fields(v=CONTRACT_VERSION + 1),
    "null_value": lambda _, __, key: (key, None),
    "wrong_key": _wrong_key,
    "too_large": _with_fields(padding="x" * MAX_VALUE_BYTES),
    "not_utf8": _not_utf8,
}
"""Ways to break a message. Each breaks exactly one rule of the contract, whatever the message was."""

_POISONED_TOPICS: Mapping[str, tuple[MessageContract, ...]] = {
    "score_too_high": (ANALYZED_SENTIMENT,),
    "price_below_zero": (RAW_PRICE,),
    "interval_reversed": (PREDICTED_PRICE,),
}
