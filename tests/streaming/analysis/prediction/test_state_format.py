"""State of a forecaster as bytes: whole, and nothing but data."""

import contextlib
import os
import pickle
from collections import deque
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.series.markets import Market
from streaming.analysis.prediction.features import PriceHistory
from streaming.analysis.prediction.state_format import StateFormatError, decode_state, encode_state

ATOMS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.lists(inner, max_size=4).map(deque)
        | st.dictionaries(
            st.text() | st.integers(-9, 9) | st.tuples(st.text(), st.integers(-9, 9)), inner, max_size=4
        )
        | st.sets(st.text(), max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_a_value_comes_back_with_its_types(value: Any) -> None:
    restored = decode_state(encode_state(value))

    assert restored == value
    assert type(restored) is type(value)


def test_arrays_bounds_and_missing_slots_come_back() -> None:
    bounded = deque([1, 2, 3], maxlen=3)

    array, restored, history, market = decode_state(
        encode_state(
            [np.arange(6.0).reshape(2, 3), bounded, PriceHistory(n_minutes=4), Market("simx", "usd")]
        )
    )

    assert array.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    array += 1.0
    assert (restored, restored.maxlen) == (bounded, 3)
    assert history == PriceHistory(n_minutes=4)
    assert market == Market("simx", "usd")


@pytest.mark.parametrize("value", [object(), Path("x"), np.array([object()]), len, pytest], ids=range(5))
def test_what_has_no_place_in_a_state_is_named(value: object) -> None:
    with pytest.raises(StateFormatError, match="a state holds no"):
        encode_state([value])


class Trap:
    """An object whose unpickling makes a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self._path),)


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    with pytest.raises(StateFormatError):
        decode_state(pickle.dumps(Trap(tmp_path / "sprung")))

    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "plain",
    [
        ["Popen", [["list", ["true"]]]],
        ["system", ["true"]],
        ["object", []],
        ["Market", []],
        ["Market", ["a", "b", "c"]],
        ["array", "|O", [1], bytes(8)],
        ["array", "<f8", [9], bytes(8)],
        ["dict", [1, 2], [3]],
        ["deque", "x", []],
        [],
        [[]],
        {"a": 1},
        ["list"],
    ],
    ids=range(13),
)
def test_what_names_another_class_or_has_another_shape_is_refused(plain: Any) -> None:
    with pytest.raises(StateFormatError):
        decode_state(msgspec.msgpack.encode(plain))


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_raise_anything_else(content: bytes) -> None:
    with contextlib.suppress(StateFormatError):
        decode_state(content)
