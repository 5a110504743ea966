"""What goes wrong on the way: messages that are late, that come twice, that are broken."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lakehouse.messages.contract import (
    CONTRACT_VERSION,
    CONTRACTS,
    MAX_VALUE_BYTES,
    PREDICTED_PRICE,
    RAW_PRICE,
    MessageContract,
)
from lakehouse.messages.contract import make_message_id as _make_message_id
from streaming.feed.noise import Flags, Floats, Ints, Keys, uniform
from streaming.kafka.messages import Message, to_rfc3339, to_time

MAX_LATE_US = 3 * 3_600_000_000
MAX_AGAIN_US = 3 * 3_600_000_000
_DAY_US = 86_400_000_000

Poison = Callable[[MessageContract, dict[str, Any], bytes], tuple[bytes, bytes | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """The share of messages that come late, that come twice, and beside which a broken one is sent."""

    late: float = 0.0
    duplicates: float = 0.0
    poison: float = 0.0

    @property
    def reach_us(self) -> int:
        """How long after its usual moment a message may still be published."""
        return (MAX_LATE_US if self.late else 0) + (MAX_AGAIN_US if self.duplicates else 0)


NO_DOSE = Dose()


def late_us(keys: Keys, dose: Dose) -> Ints:
    """By how much each message is late: mostly 0, else from two minutes to three hours."""
    delay = 120e6 * np.exp(uniform(keys, 21) * np.log(MAX_LATE_US / 120e6))
    return np.where(uniform(keys, 20) < dose.late, delay, 0.0).astype(np.int64)


def is_sent_again(keys: Keys, dose: Dose) -> Flags:
    return uniform(keys, 22) < dose.duplicates


def again_us(keys: Keys) -> Ints:
    """How long after the first copy the second one comes: seconds for most, up to three hours for some."""
    soon: Floats = 2e6 * uniform(keys, 24)
    hours_later = MAX_AGAIN_US * uniform(keys, 25)
    return np.where(uniform(keys, 23) < 0.7, soon, hours_later).astype(np.int64)


def is_poisoned(keys: Keys, dose: Dose) -> Flags:
    return uniform(keys, 26) < dose.poison


def to_poison(message: Message, draw: float) -> Message:
    """A broken relative of a good message; ``draw`` in (0, 1) chooses the way in which it is broken."""
    contract = CONTRACTS[message.topic]
    names = [name for name in POISONS if contract in _POISONED_TOPICS.get(name, CONTRACTS.values())]
    assert message.value is not None
    key, value = POISONS[names[int(draw * len(names))]](contract, json.loads(message.value), message.key)
    return Message(topic=message.topic, key=key, value=value, publish_us=message.publish_us + 1_000)


def _number_field(contract: MessageContract) -> str:
    return next(field.name for field in contract.fields if field.kind == "number")


def _truncated(_: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    encoded = json.dumps(fields).encode()
    return key, encoded[: len(encoded) // 2]


def _not_a_number(contract: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    return key, json.dumps(fields | {_number_field(contract): float("nan")}).encode()


def _score_too_high(_: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    return key, json.dumps(fields | {"score": 1.7}).encode()


def _price_below_zero(_: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    return key, json.dumps(fields | {"price": -1.0}).encode()


def _interval_reversed(_: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    return key, json.dumps(fields | {"lower": fields["upper"], "upper": fields["lower"]}).encode()


def _number_as_text(contract: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    name = _number_field(contract)
    return key, json.dumps(fields | {name: str(fields[name])}).encode()


def _in_1970(contract: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    return key, _at_time(contract, fields, 1_000_000)


def _far_in_the_future(contract: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    event_time_us = int(fields["message_id"].split(":")[1])
    return key, _at_time(contract, fields, event_time_us + 4_000 * _DAY_US)


def _unknown_version(_: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    return key, json.dumps(fields | {"v": CONTRACT_VERSION + 1}).encode()


def _without_a_value(_: MessageContract, __: dict[str, Any], key: bytes) -> tuple[bytes, None]:
    return key, None


def _wrong_key(_: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    return b"eth" if key != b"eth" else b"btc", json.dumps(fields).encode()


def _too_large(_: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    return key, json.dumps(fields | {"padding": "x" * MAX_VALUE_BYTES}).encode()


def _not_utf8(_: MessageContract, fields: dict[str, Any], key: bytes) -> tuple[bytes, bytes]:
    return key, json.dumps(fields | {"comment": "caf?"}).encode().replace(b"caf?", b"caf\xe9")


def _at_time(contract: MessageContract, fields: dict[str, Any], event_time_us: int) -> bytes:
    key = fields[contract.key_field]
    message_id = _make_message_id(
        key=key, event_time=to_time(event_time_us), natural_key=(fields["message_id"],)
    )
    moved = {"message_id": message_id, contract.time_field: to_rfc3339(event_time_us)}
    return json.dumps(fields | moved).encode()


POISONS: Mapping[str, Poison] = {
    "malformed_json": _truncated,
    "not_a_number": _not_a_number,
    "score_too_high": _score_too_high,
    "price_below_zero": _price_below_zero,
    "interval_reversed": _interval_reversed,
    "number_as_text": _number_as_text,
    "year_1970": _in_1970,
    "far_future": _far_in_the_future,
    "unknown_version": _unknown_version,
    "null_value": _without_a_value,
    "wrong_key": _wrong_key,
    "too_large": _too_large,
    "not_utf8": _not_utf8,
}
"""Ways to break a message. Each breaks exactly one rule of the contract, whatever the message was."""

_POISONED_TOPICS: Mapping[str, tuple[MessageContract, ...]] = {
    "score_too_high": (CONTRACTS["analyzed-sentiment"],),
    "price_below_zero": (RAW_PRICE,),
    "interval_reversed": (PREDICTED_PRICE,),
}
