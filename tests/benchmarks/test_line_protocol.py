"""Line protocol: InfluxDB reads back the written value, or the value is rejected before it is sent."""

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.line_protocol import to_lines, unique_ns

TAGGABLE = st.text(st.characters(exclude_characters="\n", exclude_categories=("Cs",)), min_size=1).filter(
    lambda text: not text.endswith("\\")
)
QUOTABLE = st.text(st.characters(exclude_categories=("Cs",)))


def lines(*, tags: dict[str, list[str | None]], fields: dict[str, pa.Array], times: list[int]) -> list[str]:
    texts = {name: pa.array(values, pa.string()) for name, values in tags.items()}
    rows = pa.table({**texts, **fields, "time_ns": times})
    found: list[str] = to_lines("m", rows, tags=list(tags), fields=list(fields)).to_pylist()
    return found


def test_a_row_is_measurement_tags_fields_and_time() -> None:
    found = lines(
        tags={"symbol": ["btc"], "source": ["wire"]},
        fields={"score": pa.array([0.5]), "n": pa.array([3]), "title": pa.array(["Up"])},
        times=[1_000],
    )

    assert found == ['m,source=wire,symbol=btc score=0.5,n=3i,title="Up" 1000']


def test_nulls_are_left_out_with_their_commas() -> None:
    found = lines(
        tags={"a": [None, "x"], "b": ["y", None]},
        fields={"f": pa.array([None, 1.5]), "g": pa.array(["t", None])},
        times=[1, 2],
    )

    assert found == ['m,b=y g="t" 1', "m,a=x f=1.5 2"]


def test_commas_spaces_and_equals_of_tags_are_escaped() -> None:
    found = lines(tags={"symbol": ["a, b=c"]}, fields={"f": pa.array([1.0])}, times=[1])

    assert found == ["m,symbol=a\\,\\ b\\=c f=1 1"]


def test_quotes_and_backslashes_of_texts_are_escaped_and_nothing_else() -> None:
    found = lines(tags={"s": ["x"]}, fields={"t": pa.array(['say "no\\", a=b\nc'])}, times=[1])

    assert found == ['m,s=x t="say \\"no\\\\\\", a=b\nc" 1']


@pytest.mark.parametrize("tag", ["", "two\nlines", "ends\\"])
def test_a_tag_that_the_protocol_cannot_carry_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="tag symbol"):
        lines(tags={"symbol": ["btc", tag]}, fields={"f": pa.array([1.0, 2.0])}, times=[1, 2])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_float_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="field f"):
        lines(tags={"s": ["x", "x"]}, fields={"f": pa.array([None, value])}, times=[1, 2])


def test_a_row_without_a_field_is_refused() -> None:
    with pytest.raises(ValueError, match="without a field"):
        lines(tags={"s": ["x", "x"]}, fields={"f": pa.array([1.0, None])}, times=[1, 2])


@given(tag=TAGGABLE, text=QUOTABLE, number=st.floats(allow_nan=False, allow_infinity=False))
def test_a_reader_of_the_protocol_gets_the_values_back(tag: str, text: str, number: float) -> None:
    (line,) = lines(
        tags={"tag": [tag]}, fields={"text": pa.array([text]), "number": pa.array([number])}, times=[7]
    )

    read = re.fullmatch(
        r'm,tag=((?:\\[, =]|[^, =])+) text="((?:\\.|[^"\\])*)",number=(\S+) 7', line, re.DOTALL
    )
    assert read is not None
    assert re.sub(r"\\([, =])", r"\1", read[1]) == tag
    assert re.sub(r'\\(["\\])', r"\1", read[2]) == text
    assert float(read[3]) == number


def test_a_thousand_rows_of_one_microsecond_stay_apart() -> None:
    times = unique_ns(pa.array([5] * 1000), pa.array(range(700, 1700)))

    assert len(set(times.to_pylist())) == 1000
    assert {time // 1000 for time in times.to_pylist()} == {5}


def test_rows_of_one_microsecond_are_in_order_of_their_offsets() -> None:
    assert unique_ns(pa.array([5, 5, 6]), pa.array([2041, 2042, 2043])).to_pylist() == [5041, 5042, 6043]
