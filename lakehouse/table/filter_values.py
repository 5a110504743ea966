"""Values that a column is compared with: one, or any iterable of them, as the column's own Python type."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from numbers import Number, Real
from typing import Any

import numpy as np

from lakehouse.errors import QueryError
from lakehouse.schema.spec import Column
from lakehouse.table.instants import INSTANT_ACCEPTED, parse_instant, to_python
from lakehouse.time_range import DAY_US, to_time

MAX_VALUES = 10_000
"""Distinct values of one filter: 0.3 s of planning in DuckDB. A larger list is a join."""
_SCALARS = (str, bytes, bytearray, memoryview, Number, date, np.generic)
_ITERABLE = "a value, or any iterable of them (list, set, array, Series)"


class _NoValueError(Exception):
    """A value that a column cannot hold."""


def to_values(column: Column, given: Any) -> tuple[Any, ...]:
    """Return the distinct values of a filter in their order, of the column's type; symbols in lower case.

    Raises QueryError, naming the column, for null, for what its type cannot hold, for nested iterables and for more
    than MAX_VALUES of them.
    """
    values = dict.fromkeys(_to_value(column, value) for value in _distinct(column, given))
    return tuple(values)


def to_count(parameter: str, given: Any) -> int:
    """Return a whole number of at least 0, of whatever library. Raises QueryError."""
    try:
        return _to_natural(to_python(given))
    except (_NoValueError, ValueError, OverflowError) as error:
        problem = f"{_shown(given)} is not accepted"
        raise QueryError(parameter=parameter, problem=problem, accepted="a whole number from 0 on") from error


def _distinct(column: Column, given: Any) -> Iterable[Any]:
    given = to_python(given)
    if _is_scalar(given):
        return (given,)
    distinct: dict[Any, None] = {}
    for value in _iterate(column, given):
        plain = to_python(value)
        if not _is_scalar(plain):
            raise _refusal(column, f"a {type(plain).__name__} is among the values", _ITERABLE)
        distinct[plain] = None
        if len(distinct) > MAX_VALUES:
            accepted = f"at most {MAX_VALUES} values; join with .duckdb() for more"
            raise _refusal(column, f"more than {MAX_VALUES} values are given", accepted)
    return distinct


def _iterate(column: Column, given: Any) -> Iterator[Any]:
    if getattr(given, "ndim", 1) != 1:
        raise _refusal(column, f"it has {given.ndim} dimensions", f"{_ITERABLE}, such as one column")
    unique = getattr(given, "unique", None)
    with suppress(Exception):  # saves time alone, and not every type of a Series or an array has it
        given = unique() if callable(unique) else given
    # What is indexed alone, as a lazy frame is, Python calls iterable, and it fails at its first value.
    if hasattr(given, "__iter__") or hasattr(given, "__len__"):
        with suppress(TypeError):
            return iter(given)
    raise _refusal(column, f"{_shown(given)} is neither a value nor an iterable of values")


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, _SCALARS) or _is_missing(value)


def _to_value(column: Column, value: Any) -> Any:
    if _is_missing(value):
        raise _refusal(column, "null equals nothing", f"{_ITERABLE}, without nulls")
    if isinstance(column.type, dict):
        raise _refusal(
            column,
            "it holds lists or objects, which equal no value",
            "another column, or a condition in .duckdb()",
        )
    convert, accepted = _CONVERSIONS[column.type.partition("(")[0]]
    try:
        converted = convert(value)
    except (_NoValueError, QueryError, ValueError, OverflowError, InvalidOperation) as error:
        raise _refusal(column, f"{_shown(value)} is no value of it", f"{accepted}; {_ITERABLE}") from error
    return converted.lower() if column.name == "symbol" else converted


def _is_missing(value: Any) -> bool:
    """Return whether a value is None, NaN, or NaT or NA of whatever library."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    with suppress(TypeError, ValueError, InvalidOperation):
        return isinstance(value, (Number, np.generic)) and bool(value != value)
    return False


def _to_text(value: Any) -> str:
    if not isinstance(value, str):
        raise _NoValueError
    text = str.__str__(value)
    text.encode()  # a lone surrogate is in no file
    return text


def _to_number(value: Any) -> Any:
    is_other = isinstance(value, (bool, np.timedelta64)) or not isinstance(value, (Real, Decimal))
    if is_other:
        raise _NoValueError
    return value


def _to_integer(value: Any) -> int:
    number = int(_to_number(value))
    if number != value or not -(2**63) <= number < 2**63:
        raise _NoValueError
    return number


def _to_natural(value: Any) -> int:
    number = _to_integer(value)
    if number < 0:
        raise _NoValueError
    return number


def _to_real(value: Any) -> float:
    return float(_to_number(value))


def _to_decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(_to_real(value)))


def _to_boolean(value: Any) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise _NoValueError
    return bool(value)


def _to_binary(value: Any) -> bytes:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise _NoValueError
    return bytes(value)


def _to_time(value: Any) -> datetime:
    return to_time(_exact_us(value))


def _to_date(value: Any) -> date:
    epoch_us = _exact_us(value)
    if epoch_us % DAY_US:
        raise _NoValueError
    return to_time(epoch_us).date()


def _exact_us(value: Any) -> int:
    epoch_us, is_exact = parse_instant("", value)
    if not is_exact:
        raise _NoValueError
    return epoch_us


def _shown(value: Any) -> str:
    text = f"{value!r}" if _is_scalar(value) else f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:60]}..."


def _refusal(column: Column, problem: str, accepted: str = _ITERABLE) -> QueryError:
    return QueryError(parameter=column.name, problem=problem, accepted=accepted)


_CONVERSIONS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "string": (_to_text, "text"),
    "long": (_to_integer, "a whole number of 64 bits"),
    "integer": (_to_integer, "a whole number of 64 bits"),
    "double": (_to_real, "a number"),
    "decimal": (_to_decimal, "a number"),
    "boolean": (_to_boolean, "true or false"),
    "binary": (_to_binary, "bytes"),
    "date": (_to_date, "a date, or an instant at midnight UTC"),
    "timestamp": (_to_time, f"{INSTANT_ACCEPTED}, with whole microseconds"),
}
