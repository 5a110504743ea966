"""Format of a forecaster's state: MessagePack of plain values, arrays and the fields of listed classes.

Reading makes objects of the listed classes alone and calls none of their code, so that whoever can write a checkpoint
can change a forecast and run nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any, Final

import msgspec
import numpy as np

from lakehouse.series.active_hours import ActiveHours
from lakehouse.series.markets import Asset, Market, SymbolRules
from streaming.analysis.prediction import (
    bars,
    direction,
    distribution,
    features,
    har_scale,
    minute_forecaster,
    models,
    primary,
    season,
    volatility,
)
from streaming.analysis.prediction.arrivals import PriceObservation, RecentIds

_CLASSES: Final[tuple[type, ...]] = (
    ActiveHours, Asset, Market, SymbolRules, RecentIds, PriceObservation,
    bars.Bar, bars.BarBuilder, direction.BaseRate, direction.DirectionEvidence, distribution.MoveDistribution,
    features.Deviation, features.PriceHistory, features.SentimentHistory, features._FadingMean,
    har_scale.HarScale, minute_forecaster.HorizonState, minute_forecaster.MinuteForecaster,
    minute_forecaster.PendingForecast, minute_forecaster.ScaleInputs, models.Horizon, models.Inputs, models.RandomWalk,
    models.Ridge, primary.PrimaryMarket, season.TimeOfDaySeason,
    volatility.Reading, volatility.Volatility, volatility._BeforeJump, volatility._Levels,
)  # fmt: skip
_ATOMS: Final = frozenset((type(None), bool, int, float, str, bytes))
_NUMBERS: Final = "biuf"
_UNSET: Final = object()
"""Stands for a slot that has no value yet."""
_SEQUENCES: Final[dict[str, type]] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class StateFormatError(ValueError):
    """A state that holds, or would hold, what this format has no place for."""


def encode_state(value: object) -> bytes:
    """Return a value as bytes. Raises: StateFormatError for an object of a class that is not listed."""
    return _encode(_plain(value))


def decode_state(written: bytes) -> Any:
    """Return the value that `encode_state` wrote. Raises: StateFormatError."""
    try:
        return _restored(msgspec.msgpack.decode(written))
    except StateFormatError:
        raise
    except (
        msgspec.MsgspecError,
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
        RecursionError,
    ) as error:
        raise StateFormatError(
            f"this is no state of a forecaster: {type(error).__name__}: {error}"
        ) from error


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind.__name__ in _SEQUENCES and kind in _SEQUENCES.values():
        return [kind.__name__, _all_plain(value)]
    if value is _UNSET:
        return ["unset"]
    if kind is dict:
        return ["dict", _all_plain(value), _all_plain(value.values())]
    if kind is deque:
        return ["deque", value.maxlen, _all_plain(value)]
    if kind is np.ndarray and value.dtype.kind in _NUMBERS:
        return ["array", value.dtype.str, list(value.shape), value.tobytes()]
    if isinstance(value, np.generic):
        return value.item()
    names = _FIELDS.get(kind)
    if names is None:
        raise StateFormatError(f"a state holds no {kind.__module__}.{kind.__qualname__}")
    return [kind.__qualname__, _all_plain(getattr(value, name, _UNSET) for name in names)]


def _all_plain(values: Iterable[Any]) -> list[Any]:
    return [value if type(value) in _ATOMS else _plain(value) for value in values]


def _restored(plain: Any) -> Any:
    if type(plain) in _ATOMS:
        return plain
    name, *rest = plain
    if name in _SEQUENCES:
        return _SEQUENCES[name](_all_restored(rest[0]))
    if name == "unset":
        return _UNSET
    if name == "dict":
        return dict(zip(_all_restored(rest[0]), _all_restored(rest[1]), strict=True))
    if name == "deque":
        return deque(_all_restored(rest[1]), maxlen=rest[0])
    if name == "array":
        return _to_array(*rest)
    return _to_object(_BY_NAME[name], _all_restored(rest[0]))


def _all_restored(values: list[Any]) -> list[Any]:
    return [value if type(value) in _ATOMS else _restored(value) for value in values]


def _to_array(type_text: str, shape: list[int], content: bytes) -> Any:
    dtype = np.dtype(type_text)
    if dtype.kind not in _NUMBERS:
        raise StateFormatError(f"an array of {type_text!r} holds no numbers")
    return np.frombuffer(content, dtype).reshape(shape).copy()


def _to_object(kind: type, values: list[Any]) -> Any:
    names = _FIELDS[kind]
    if issubclass(kind, msgspec.Struct):
        return kind(**dict(zip(names, values, strict=True)))
    made = object.__new__(kind)
    for name, value in zip(names, values, strict=True):
        if value is not _UNSET:
            object.__setattr__(made, name, value)
    return made


def _field_names(kind: type) -> tuple[str, ...]:
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    if is_dataclass(kind):
        return tuple(each.name for each in fields(kind))
    return tuple(kind.__slots__)  # type: ignore[attr-defined]


_FIELDS: Final = {kind: _field_names(kind) for kind in _CLASSES}
_BY_NAME: Final = {kind.__qualname__: kind for kind in _CLASSES}
_encode = msgspec.msgpack.Encoder().encode
