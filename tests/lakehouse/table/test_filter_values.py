"""Values of filters as callers have them: scalars and iterables of Python, NumPy, pandas, Polars and Arrow."""

import sys
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from fractions import Fraction
from itertools import count, repeat
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.errors import QueryError
from lakehouse.schema.spec import HEADER_LIST, STRING_LIST, Column
from lakehouse.table.filter_values import MAX_VALUES, to_count, to_values
from lakehouse.table.instants import to_instant_us
from lakehouse.time_range import to_us

TEXT, SYMBOL = Column("source", "string", ""), Column("symbol", "string", "")
WHOLE, REAL, EXACT = Column("n", "long", ""), Column("x", "double", ""), Column("d", "decimal(38,17)", "")
FLAG, BYTES = Column("flag", "boolean", ""), Column("key", "binary", "")
TIME, DAY = Column("event_time", "timestamp", ""), Column("event_date", "date", "")
NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
NOON_US = 1768046400000000


class Coin(StrEnum):
    """Symbols as an enumeration."""

    BTC = "btc"


class Named(str, Enum):  # noqa: UP042
    """Texts as an enumeration whose str() is not its value."""

    BTC = "btc"


class IndexedAlone:
    """What Polars' lazy frames are: indexed, so that Python would iterate it, and no sequence."""

    def __getitem__(self, key: object) -> object:
        raise TypeError("not subscriptable")


def frame() -> pd.DataFrame:
    return pd.DataFrame({"symbol": ["btc", "eth", "btc"], "n": [1, 2, 1]})


TEXTS: dict[str, Callable[[], Any]] = {
    "list": lambda: ["btc", "eth"],
    "tuple": lambda: ("btc", "eth", "btc"),
    "set": lambda: {"btc", "eth"},
    "frozenset": lambda: frozenset({"btc", "eth"}),
    "deque": lambda: deque(["btc", "eth"]),
    "generator": lambda: (name for name in ("btc", "eth")),
    "map": lambda: map(str.lower, ["BTC", "ETH"]),
    "dict": lambda: {"btc": 1, "eth": 2},
    "keys": lambda: {"btc": 1, "eth": 2}.keys(),
    "values": lambda: {1: "btc", 2: "eth"}.values(),
    "ordered dict": lambda: OrderedDict(btc=1, eth=2),
    "counter": lambda: Counter(["btc", "eth", "btc"]),
    "string array": lambda: np.array(["btc", "eth"]),
    "object array": lambda: np.array(["btc", "eth"], dtype=object),
    "series": lambda: frame()["symbol"],
    "unique of a series": lambda: frame()["symbol"].unique(),
    "values of a series": lambda: frame()["symbol"].values,
    "object series": lambda: frame()["symbol"].astype(object),
    "index": lambda: pd.Index(["btc", "eth"]),
    "categorical": lambda: pd.Categorical(["btc", "eth"]),
    "categorical series": lambda: frame()["symbol"].astype("category"),
    "categories": lambda: frame()["symbol"].astype("category").cat.categories,
    "string extension": lambda: pd.array(["btc", "eth"], dtype="string"),
    "arrow array": lambda: pa.array(["btc", "eth"]),
    "large arrow array": lambda: pa.array(["btc", "eth"], pa.large_string()),
    "dictionary array": lambda: pa.array(["btc", "eth"]).dictionary_encode(),
    "chunked array": lambda: pa.chunked_array([["btc"], ["eth"]]),
    "scalars": lambda: [pa.scalar("btc"), np.str_("eth")],
    "mapping of a frame": lambda: dict(frame().groupby("symbol")["n"].sum()),
}


@pytest.mark.parametrize("make", TEXTS.values(), ids=list(TEXTS))
def test_any_iterable_of_texts_is_a_list_of_values(make: Callable[[], Any]) -> None:
    assert sorted(to_values(TEXT, make())) == ["btc", "eth"]
    assert all(type(value) is str for value in to_values(TEXT, make()))


def test_series_of_polars_are_lists_of_values() -> None:
    pl = pytest.importorskip("polars")
    texts = pl.Series(["btc", "eth", "btc"])
    assert sorted(to_values(TEXT, texts)) == ["btc", "eth"]
    assert sorted(to_values(TEXT, texts.cast(pl.Categorical))) == ["btc", "eth"]
    assert to_values(WHOLE, pl.Series([7], dtype=pl.UInt8)) == (7,)
    assert to_values(EXACT, pl.Series([Decimal("1.5")])) == (Decimal("1.5"),)
    assert to_values(TIME, pl.Series([NOON]).dt.convert_time_zone("Asia/Kathmandu")) == (NOON,)
    assert to_values(DAY, pl.Series([NOON.date()])) == (NOON.date(),)
    for refused in (
        pl.DataFrame({"a": ["btc"]}),
        pl.Series([["btc"]]),
        pl.Series(["btc", None]),
        pl.col("a"),
    ):
        with pytest.raises(QueryError):
            to_values(TEXT, refused)


ONE = [
    (TEXT, "btc", "btc"),
    (TEXT, Coin.BTC, "btc"),
    (TEXT, Named.BTC, "btc"),
    (TEXT, np.str_("btc"), "btc"),
    (TEXT, pa.scalar("btc"), "btc"),
    (TEXT, np.array("btc"), "btc"),
    (TEXT, "", ""),
    (SYMBOL, "BTC", "btc"),
    (WHOLE, 7, 7),
    (WHOLE, np.int16(7), 7),
    (WHOLE, np.uint64(7), 7),
    (WHOLE, 7.0, 7),
    (WHOLE, np.float32(7), 7),
    (WHOLE, Decimal("7.00"), 7),
    (WHOLE, Fraction(14, 2), 7),
    (WHOLE, pa.scalar(7), 7),
    (WHOLE, np.array(7), 7),
    (REAL, 7, 7.0),
    (REAL, np.float32(0.5), 0.5),
    (REAL, Decimal("0.25"), 0.25),
    (REAL, float("inf"), float("inf")),
    (EXACT, Decimal("0.1"), Decimal("0.1")),
    (EXACT, 0.1, Decimal("0.1")),
    (EXACT, 3, Decimal("3.0")),
    (FLAG, True, True),
    (FLAG, np.bool_(False), False),
    (FLAG, pa.scalar(True), True),
    (BYTES, b"k", b"k"),
    (BYTES, bytearray(b"k"), b"k"),
    (BYTES, memoryview(b"k"), b"k"),
    (BYTES, np.bytes_(b"k"), b"k"),
    (TIME, NOON, NOON),
    (TIME, "2026-01-10T12:00:00Z", NOON),
    (TIME, "2026-01-10 17:45:00+05:45", NOON),
    (TIME, NOON.astimezone(ZoneInfo("America/St_Johns")), NOON),
    (TIME, NOON.astimezone(timezone(timedelta(hours=5, minutes=45))), NOON),
    (TIME, pd.Timestamp(NOON), NOON),
    (TIME, pd.Timestamp(NOON).tz_convert("Asia/Kathmandu"), NOON),
    (TIME, np.datetime64("2026-01-10T12:00"), NOON),
    (TIME, np.datetime64("2026-01-10T12:00:00.000000000"), NOON),
    (TIME, pa.scalar(NOON), NOON),
    (TIME, pa.scalar(NOON_US * 1_000, pa.timestamp("ns", tz="Europe/Paris")), NOON),
    (TIME, pa.scalar(NOON_US // 1_000_000, pa.timestamp("s", tz="UTC")), NOON),
    (TIME, date(2026, 1, 10), datetime(2026, 1, 10, tzinfo=UTC)),
    (DAY, date(2026, 1, 10), date(2026, 1, 10)),
    (DAY, "2026-01-10", date(2026, 1, 10)),
    (DAY, np.datetime64("2026-01-10"), date(2026, 1, 10)),
    (DAY, pd.Timestamp("2026-01-10", tz="UTC"), date(2026, 1, 10)),
    (DAY, pa.scalar(date(2026, 1, 10)), date(2026, 1, 10)),
]


@pytest.mark.parametrize(("column", "value", "expected"), ONE)
def test_a_value_is_taken_as_the_columns_own_type(column: Column, value: Any, expected: Any) -> None:
    (found,) = to_values(column, value)
    assert (found, type(found)) == (expected, type(expected))
    assert to_values(column, [value, value]) == (expected,)


COLUMNS_OF_TIMES: dict[str, Callable[[], Any]] = {
    "series": lambda: pd.Series([NOON, NOON]),
    "series of another zone": lambda: pd.Series([NOON]).dt.tz_convert("America/New_York"),
    "unique": lambda: pd.Series([NOON, NOON]).unique(),
    "values, which are datetime64 in UTC": lambda: (
        pd.Series([NOON]).dt.tz_convert("Asia/Tokyo").to_numpy("M8[ns]")
    ),
    "index": lambda: pd.DatetimeIndex([NOON]),
    "arrow": lambda: pa.array([NOON], pa.timestamp("us", tz="UTC")),
    "arrow, another zone": lambda: pa.array([NOON], pa.timestamp("us", tz="Asia/Kathmandu")),
    "datetime64": lambda: np.array(["2026-01-10T12:00:00"], dtype="M8[s]"),
}


@pytest.mark.parametrize("make", COLUMNS_OF_TIMES.values(), ids=list(COLUMNS_OF_TIMES))
def test_columns_of_instants_are_lists_of_instants(make: Callable[[], Any]) -> None:
    assert to_values(TIME, make()) == (NOON,)


MISSING = [
    None,
    float("nan"),
    np.nan,
    np.float32("nan"),
    Decimal("nan"),
    pd.NA,
    pd.NaT,
    np.datetime64("NaT"),
    pa.scalar(None),
    pa.scalar(None, pa.string()),
]


@pytest.mark.parametrize("missing", MISSING, ids=repr)
@pytest.mark.parametrize("column", [TEXT, WHOLE, REAL, TIME, DAY, FLAG, BYTES])
def test_null_of_any_library_equals_nothing_and_is_named(column: Column, missing: Any) -> None:
    for given_value in (missing, [missing], pd.Series([missing], dtype=object)):
        with pytest.raises(QueryError, match="null equals nothing") as raised:
            to_values(column, given_value)
        assert raised.value.parameter == column.name


REFUSED = [
    (TEXT, 7),
    (TEXT, b"btc"),
    (TEXT, "\ud800"),
    (TEXT, NOON),
    (TEXT, ["btc", 7]),
    (TEXT, [["btc"]]),
    (TEXT, [("btc",)]),
    (TEXT, [{"btc"}]),
    (TEXT, object()),
    (TEXT, IndexedAlone()),
    (TEXT, len),
    (TEXT, frame()),
    (TEXT, frame().to_numpy()),
    (TEXT, np.array([["btc"]])),
    (TEXT, pa.table({"a": ["btc"]})),
    (TEXT, pa.array([["btc"]])),
    (TEXT, pd.Series([["btc"]])),
    (WHOLE, "7"),
    (WHOLE, 7.5),
    (WHOLE, True),
    (WHOLE, np.bool_(True)),
    (WHOLE, 2**63),
    (WHOLE, float("inf")),
    (WHOLE, np.timedelta64(7, "s")),
    (WHOLE, 7 + 0j),
    (REAL, "0.5"),
    (REAL, 10**400),
    (REAL, 1j),
    (EXACT, "0.5"),
    (FLAG, 1),
    (FLAG, "true"),
    (BYTES, "k"),
    (TIME, datetime(2026, 1, 10)),  # noqa: DTZ001
    (TIME, pd.Timestamp("2026-01-10")),
    (TIME, pd.Series(pd.to_datetime(["2026-01-10"]))),
    (TIME, pa.scalar(datetime(2026, 1, 10), pa.timestamp("ns"))),  # noqa: DTZ001
    (TIME, 1768046400),
    (TIME, "noon"),
    (TIME, np.datetime64("2026-01-10T12:00:00.000000001")),
    (TIME, pd.Timestamp("2026-01-10T12:00:00.000000001Z")),
    (TIME, np.datetime64(300_000, "Y")),
    (TIME, np.datetime64(2**62, "s")),
    (TIME, NOON.time()),
    (TIME, timedelta(hours=1)),
    (DAY, NOON),
    (DAY, pd.Period("2026-01-10")),
    (Column("terms", STRING_LIST, ""), "surge"),
    (Column("headers", HEADER_LIST, ""), ["a"]),
    (TEXT, count()),
    (TEXT, map(str, count())),
]


@pytest.mark.parametrize(
    ("column", "value"), REFUSED, ids=lambda value: str(getattr(value, "name", type(value)))
)
def test_what_a_column_cannot_hold_is_refused_with_what_is_accepted(column: Column, value: Any) -> None:
    with pytest.raises(QueryError) as raised:
        to_values(column, value)
    assert raised.value.parameter == column.name
    assert raised.value.accepted
    assert len(str(raised.value)) < 400


def test_as_many_values_as_an_engine_plans_quickly() -> None:
    assert len(to_values(WHOLE, range(MAX_VALUES))) == MAX_VALUES
    assert to_values(TEXT, repeat("btc", 3 * MAX_VALUES)) == ("btc",)
    with pytest.raises(QueryError, match=f"at most {MAX_VALUES}"):
        to_values(WHOLE, range(MAX_VALUES + 1))


def test_errors_of_a_generator_are_its_own() -> None:
    def failing() -> Any:
        yield "btc"
        raise TypeError("of the caller")

    with pytest.raises(TypeError, match="of the caller"):
        to_values(TEXT, failing())


def test_values_need_no_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    nanoseconds = pa.array([NOON_US * 1_000], pa.timestamp("ns", tz="UTC"))
    assert to_values(TIME, nanoseconds) == (NOON,)


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_every_zone_and_library_says_the_same_instant(instant: datetime) -> None:
    expected_us = to_us(instant)
    for same in (
        instant,
        instant.astimezone(UTC),
        np.datetime64(expected_us, "us"),
        pa.scalar(instant.astimezone(UTC)),
        pd.Timestamp(instant.astimezone(UTC)),
    ):
        assert to_instant_us("start", same) == expected_us


@pytest.mark.parametrize(
    "between",
    [
        np.datetime64("2026-01-10T12:00:00.000000001"),
        pd.Timestamp("2026-01-10T12:00:00.000000999Z"),
        pa.scalar(NOON_US * 1_000 + 1, pa.timestamp("ns", tz="UTC")),
    ],
)
def test_a_bound_between_two_microseconds_is_the_later_one(between: Any) -> None:
    assert to_instant_us("start", between) == NOON_US + 1


@pytest.mark.parametrize("bound", [pd.NaT, np.datetime64("NaT"), "0000-01-01", "9999-12-31T23:59:59-14:00"])
def test_a_bound_that_is_no_instant_is_named(bound: Any) -> None:
    with pytest.raises(QueryError, match="start"):
        to_instant_us("start", bound)


@pytest.mark.parametrize("number", [3, 3.0, np.int64(3), pa.scalar(3), Decimal(3)])
def test_counts_are_taken_from_any_library(number: Any) -> None:
    assert to_count("version", number) == 3


@pytest.mark.parametrize("number", [-1, 3.5, True, "3", None, float("nan"), np.datetime64(3, "s"), 2**70])
def test_what_is_no_count_is_refused(number: Any) -> None:
    with pytest.raises(QueryError, match="version"):
        to_count("version", number)
