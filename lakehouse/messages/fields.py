"""Validation field by field: slower than the fast path, with the rule that a message violates and the reason."""

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from lakehouse.messages.compiled import part_type
from lakehouse.messages.contract import CONTRACT_VERSION, MAX_NESTING, MessageContract
from lakehouse.messages.contract_field import Field

_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Rejection of a message: the violated rule, the field and the reason."""

    rule: str
    field: str | None
    reason: str


class RuleViolationError(Exception):
    """A message that violates a rule; validation catches it."""

    def __init__(self, rule: str, field: str | None, reason: str) -> None:
        super().__init__(reason)
        self.rejection = Rejected(rule, field, reason)


def decode_fields(contract: MessageContract, value: bytes) -> tuple[dict[str, Any], str | None]:
    """Return the contract's fields of a message, each checked in turn, and the others as JSON."""
    message = _decode_object(value)
    version = message.get("v")
    if type(version) is not int or version != CONTRACT_VERSION:
        raise RuleViolationError(
            "unknown_version", "v", f"v is {shown(version)}; this lake accepts {CONTRACT_VERSION}"
        )
    fields = {field.name: _checked(field, message.pop(field.name, None)) for field in contract.fields}
    extra = msgspec.json.encode(message).decode() if message else None
    return fields, extra


def _decode_object(value: bytes) -> dict[str, Any]:
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        raise RuleViolationError("not_utf8", None, f"byte {error.start} is not UTF-8") from error
    if _is_too_deep(value):
        raise RuleViolationError("too_deep", None, f"nested deeper than {MAX_NESTING}")
    try:
        message = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise RuleViolationError("malformed_json", None, f"{error}; one JSON object is accepted") from error
    if not isinstance(message, dict):
        raise RuleViolationError(
            "not_an_object", None, f"the value is {shown(message)}; a JSON object is accepted"
        )
    return message


def _is_too_deep(value: bytes) -> bool:
    """Return whether brackets outside strings nest too deep, reading no further than needed."""
    if value.count(b"[") + value.count(b"{") <= MAX_NESTING:
        return False
    depth = 0
    for match in _BRACKETS.finditer(value):
        token = match[0]
        if token in b"[{":
            depth += 1
            if depth > MAX_NESTING:
                return True
        elif token in b"]}":
            depth -= 1
    return False


def _checked(field: Field, given: Any) -> Any:
    if given is None:
        if field.required:
            raise RuleViolationError(
                "missing_field", field.name, f"{field.name} is absent or null; {field.accepted} is required"
            )
        return None
    if field.kind == "number":
        return _checked_number(field, given)
    if field.kind == "integer":
        return given
    if field.kind == "strings":
        if not isinstance(given, list) or not all(isinstance(term, str) for term in given):
            raise wrong("wrong_type", field, given)
        if field.max_length is not None and len(given) > field.max_length:
            raise wrong("bad_format", field, given)
        return tuple(given)
    if field.kind == "columns":
        return _checked_columns(field, given)
    if field.kind == "rows":
        return _checked_rows(field, given)
    if not isinstance(given, str):
        raise wrong("wrong_type", field, given)
    check_string(field, given)
    return given


def _checked_columns(field: Field, given: Any) -> msgspec.Struct:
    if not isinstance(given, dict) or not all(isinstance(given.get(part.name), list) for part in field.parts):
        raise wrong("wrong_type", field, given)
    if any(len(given[part.name]) > (field.max_length or 0) for part in field.parts):
        raise wrong("bad_format", field, given)
    columns = {part.name: tuple(_checked(part, one) for one in given[part.name]) for part in field.parts}
    return part_type(field)(**columns)


def _checked_rows(field: Field, given: Any) -> tuple[msgspec.Struct, ...]:
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        raise wrong("wrong_type", field, given)
    if len(given) > (field.max_length or 0):
        raise wrong("bad_format", field, given)
    to_row = part_type(field)
    return tuple(
        to_row(**{part.name: _checked(part, row.get(part.name)) for part in field.parts}) for row in given
    )


def _checked_number(field: Field, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise wrong("wrong_type", field, given)
    try:
        number = float(given)
    except OverflowError as error:
        raise wrong("not_finite", field, given) from error
    if number == 0 and not field.is_plausible(number):
        raise wrong("implausible_number", field, given)
    inside = (
        (field.at_least is None or number >= field.at_least)
        and (field.at_most is None or number <= field.at_most)
        and (field.above is None or number > field.above)
        and (field.below is None or number < field.below)
    )
    if not inside:
        raise wrong("out_of_range", field, given)
    if not field.is_plausible(number):
        raise wrong("implausible_number", field, given)
    return number


def check_string(field: Field, given: str) -> None:
    """Raise RuleViolationError unless a text has the format of its field."""
    if field.kind == "time":
        return
    matches = field.pattern is None or re.search(f"{field.pattern[:-1]}\\Z", given) is not None
    listed = not field.one_of or given in field.one_of
    short = field.max_length is None or len(given) <= field.max_length
    if not (matches and listed and short):
        raise wrong("bad_format", field, given)


def wrong(rule: str, field: Field, given: Any) -> RuleViolationError:
    """Return the violation of a rule by the value of a field."""
    return RuleViolationError(
        rule, field.name, f"{field.name} is {shown(given)}; {field.accepted} is accepted"
    )


def shown(given: Any) -> str:
    """Return a value as a reason shows it, in at most 80 characters."""
    text = repr(given) if not isinstance(given, int) or given.bit_length() < 256 else "a huge integer"
    return text if len(text) <= 80 else f"{text[:77]}..."
