"""Validation of a message: the values of a gold row, or the rule that it violates. Ingestion and tail share it.

The result depends on key, value and broker timestamp alone. A clean message takes a fast path (one compiled decode,
then a few checks); a message that this path does not accept is validated field by field, for the reason.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec

from lakehouse.messages.agreement import agreement_check
from lakehouse.messages.compiled import message_type
from lakehouse.messages.contract import (
    CONTRACTS,
    EARLIEST_EVENT_TIME,
    MAX_EVENT_AGE,
    MAX_FUTURE,
    MAX_VALUE_BYTES,
    MessageContract,
)
from lakehouse.messages.contract_field import Field
from lakehouse.messages.fields import Rejected, RuleViolationError, check_string, decode_fields, shown, wrong
from lakehouse.messages.rules import NO_BROKER_TIME, UNREADABLE
from lakehouse.messages.timestamps import to_epoch_us

__all__ = [
    "Rejected",
    "Row",
    "message_columns",
    "to_epoch_us",
    "validate",
    "validate_with_reasons",
    "validator_of",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EARLIEST_US = (EARLIEST_EVENT_TIME - _EPOCH) // _MICROSECOND
_MAX_FUTURE_US = MAX_FUTURE // _MICROSECOND
_MAX_AGE_US = MAX_EVENT_AGE // _MICROSECOND
_MAX_KNOWN = 10_000


Row = tuple[Any, ...]
"""Values of a gold row's message columns, in the order of `message_columns`, times as epoch microseconds."""


@cache
def message_columns(topic: str) -> tuple[str, ...]:
    """Return the gold columns that validation fills: those of the contract's fields but ``v``, then ``extra``."""
    return (*(field.column or field.name for field in CONTRACTS[topic].value_fields), "extra")


def validate(topic: str, *, key: bytes | None, value: bytes | None, broker_time_us: int) -> Row | Rejected:
    """Validate one message. Pure and total: any bytes get a result, and the same bytes get the same."""
    return validator_of(topic)(key, value, broker_time_us)


@cache
def validator_of(topic: str) -> Callable[[bytes | None, bytes | None, int], Row | Rejected]:
    """Return the validation of one topic, a function of key, value and broker time (epoch microseconds)."""
    decode = msgspec.json.Decoder(message_type(CONTRACTS[topic])).decode
    names = _value_names(topic)
    values_of = attrgetter(*names)
    patterns_at = _patterns_at(CONTRACTS[topic], names)
    plausible_at = _plausible_at(CONTRACTS[topic], names)
    finish = _finisher(topic)

    def validate_message(key: bytes | None, value: bytes | None, broker_time_us: int) -> Row | Rejected:
        if value is not None and len(value) <= MAX_VALUE_BYTES:
            try:
                values = values_of(decode(value))
                for at, known in patterns_at:
                    if values[at] not in known:
                        known.check(values[at])
                for at, is_plausible in plausible_at:
                    if values[at] is not None and not is_plausible(values[at]):
                        break
                else:
                    return finish(key, values, None, broker_time_us)
            except MemoryError:
                raise
            except Exception:  # noqa: BLE001  the other path says why, and is total
                pass
        return validate_with_reasons(topic, key=key, value=value, broker_time_us=broker_time_us)

    return validate_message


def validate_with_reasons(
    topic: str, *, key: bytes | None, value: bytes | None, broker_time_us: int
) -> Row | Rejected:
    """Validate one message field by field, with the result of `validate`."""
    contract = CONTRACTS[topic]
    try:
        if value is None or len(value) > MAX_VALUE_BYTES:
            raise RuleViolationError(*_size_violation(value))
        fields, extra = decode_fields(contract, value)
        values = tuple(fields[name] for name in _value_names(topic))
        return _finisher(topic)(key, values, extra, broker_time_us)
    except RuleViolationError as violation:
        return violation.rejection
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  one message is refused, whatever it raises; the others go on
        return Rejected(UNREADABLE, None, shown(error))


@cache
def _value_names(topic: str) -> tuple[str, ...]:
    return tuple(field.name for field in CONTRACTS[topic].value_fields)


class _KnownStrings(set[str | None]):
    """Strings known to match a field's pattern: a few symbols, models and venues come for ever.

    A set finds one in 17 ns, an LRU cache in 155 ns.
    """

    def __init__(self, field: Field) -> None:
        super().__init__(() if field.required else (None,))
        self._field = field

    def check(self, text: str) -> None:
        """Raise RuleViolationError unless a text matches; remember one that does."""
        check_string(self._field, text)
        if len(self) < _MAX_KNOWN:
            self.add(text)


def _patterns_at(contract: MessageContract, names: Sequence[str]) -> tuple[tuple[int, _KnownStrings], ...]:
    """Return the indices of strings with a pattern; times and ids, which differ always, are checked elsewhere."""
    fields = ((at, contract.field(name)) for at, name in enumerate(names))
    return tuple(
        (at, _KnownStrings(field))
        for at, field in fields
        if field.pattern and field.kind == "string" and field.name != "message_id"
    )


def _plausible_at(
    contract: MessageContract, names: Sequence[str]
) -> tuple[tuple[int, Callable[[float], bool]], ...]:
    """Return the indices of numbers whose magnitude the compiled decode does not check."""
    fields = ((at, contract.field(name)) for at, name in enumerate(names))
    return tuple((at, field.is_plausible) for at, field in fields if field.has_magnitude and field.above != 0)


def _size_violation(value: bytes | None) -> tuple[str, None, str]:
    if value is None:
        return "null_value", None, "the message has no value; a JSON object is expected"
    return "too_large", None, f"the value has {len(value)} bytes; at most {MAX_VALUE_BYTES} are accepted"


@cache
def _finisher(topic: str) -> Callable[[bytes | None, tuple[Any, ...], str | None, int], Row]:
    """Return the checks that both paths share: times, the pairs of fields that belong together, id and key."""
    contract, names = CONTRACTS[topic], _value_names(topic)
    key_at, time_at, id_at = (names.index(n) for n in (contract.key_field, contract.time_field, "message_id"))
    fields = [contract.field(name) for name in names]
    times_at = [(at, field) for at, field in enumerate(fields) if field.kind == "time"]
    check_together = agreement_check(contract, names)
    id_field = contract.field("message_id")
    is_id = re.compile((id_field.pattern or "").removesuffix("$")).fullmatch

    def finish(key: bytes | None, values: tuple[Any, ...], extra: str | None, broker_time_us: int) -> Row:
        row = [*values, extra]
        for at, field in times_at:
            text = row[at]
            if text is not None:
                try:
                    row[at] = to_epoch_us(text)
                except ValueError as error:
                    raise wrong("bad_time", field, text) from error
        own_key, event_time_us = row[key_at], row[time_at]
        if not (
            max(_EARLIEST_US, broker_time_us - _MAX_AGE_US)
            <= event_time_us
            <= broker_time_us + _MAX_FUTURE_US
        ):
            raise _out_of_time(contract.time_field, event_time_us, broker_time_us)
        if check_together is not None:
            check_together(row)
        if is_id(row[id_at]) is None:
            raise wrong("bad_format", id_field, row[id_at])
        if not row[id_at].startswith(f"{own_key}:{event_time_us}:"):
            raise _other_id(row[id_at], own_key, event_time_us)
        if key != own_key.encode():
            raise RuleViolationError(
                "key_mismatch",
                None,
                f"the Kafka key is {shown(key)}; it is the {contract.key_field}, {own_key}",
            )
        return tuple(row)

    return finish


def _out_of_time(name: str, event_time_us: int, broker_time_us: int) -> RuleViolationError:
    if broker_time_us < _EARLIEST_US:
        return RuleViolationError(
            NO_BROKER_TIME,
            None,
            f"the record's timestamp is {broker_time_us // 1000} ms: its topic takes timestamps of producers, and this "
            "one sent none; topics with message.timestamp.type=LogAppendTime are accepted",
        )
    if event_time_us < _EARLIEST_US:
        return RuleViolationError("time_too_old", name, f"{name} is before {EARLIEST_EVENT_TIME:%Y-%m-%d}")
    if event_time_us <= broker_time_us + _MAX_FUTURE_US:
        return RuleViolationError(
            "event_too_old",
            name,
            f"{name} is over {MAX_EVENT_AGE.days} days before the broker's time: what was of that day is settled",
        )
    ahead = (event_time_us - broker_time_us) // 1_000_000
    return RuleViolationError(
        "time_in_future",
        name,
        f"{name} is {ahead} s after the broker's time; at most {MAX_FUTURE.seconds} s are accepted",
    )


def _other_id(message_id: str, own_key: str, event_time_us: int) -> RuleViolationError:
    return RuleViolationError(
        "id_mismatch",
        "message_id",
        f"message_id is {shown(message_id)}; it begins with {own_key}:{event_time_us}:",
    )
