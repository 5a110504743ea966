"""Rows as InfluxDB's line protocol: measurement, tags, fields, an instant in nanoseconds; a line a row.

Source: https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/
"""

from collections.abc import Sequence
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

NS_OF_US = 1000
_UNWRITABLE_IN_TAG = r"\n|\\$|^$"


def to_lines(measurement: str, rows: pa.Table, *, tags: Sequence[str], fields: Sequence[str]) -> pa.Array:
    """Return the lines of the rows without their ends; ``rows`` has a column ``time_ns``, a null is left out.

    Tags are strings; fields are floats, integers or strings. Raises ValueError for what the protocol cannot carry:
    a tag that is empty, has a line break or ends in a backslash, a float that is no number, a row without a field.

    >>> rows = pa.table({"symbol": ["b c"], "score": [0.5], "time_ns": [7]})
    >>> to_lines("m", rows, tags=["symbol"], fields=["score"])[0].as_py()
    'm,symbol=b\\\\ c score=0.5 7'
    """
    columns = {name: rows[name].combine_chunks() for name in (*tags, *fields, "time_ns")}
    tagged = [_assigned(tag, _to_tag(tag, columns[tag])) for tag in sorted(tags)]
    named = [pa.repeat(measurement, rows.num_rows), *tagged]
    valued = [_assigned(field, _to_field(field, columns[field])) for field in fields]
    head = pc.binary_join_element_wise(*named, ",", null_handling="skip")
    if pc.any(reduce(pc.and_, map(pc.is_null, valued))).as_py():
        raise ValueError("a row without a field")
    body = pc.binary_join_element_wise(*valued, ",", null_handling="skip")
    return pc.binary_join_element_wise(head, body, columns["time_ns"].cast(pa.string()), " ")


def unique_ns(times_us: pa.Array, offsets: pa.Array) -> pa.Array:
    """Instants in ns that keep a thousand rows of one microsecond apart: points of the same tags and time are one.

    Rows of one microsecond are in order of their offsets, but for those on both sides of a whole thousand.
    """
    thousands = pc.multiply(pc.divide(offsets, NS_OF_US), NS_OF_US)
    return pc.add(pc.multiply(times_us, NS_OF_US), pc.subtract(offsets, thousands))


def _assigned(name: str, values: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(name, values, "=", null_handling="emit_null")


def _to_tag(name: str, values: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring_regex(values, _UNWRITABLE_IN_TAG)).as_py():
        raise ValueError(f"tag {name} is empty, has a line break or ends in a backslash")
    return pc.replace_substring_regex(values, r"([, =])", r"\\\1")


def _to_field(name: str, values: pa.Array) -> pa.Array:
    if pa.types.is_floating(values.type):
        if not pc.all(pc.is_finite(values)).as_py() and values.null_count < len(values):
            raise ValueError(f"field {name} is no number")
        return values.cast(pa.string())
    if pa.types.is_integer(values.type):
        return pc.binary_join_element_wise(values.cast(pa.string()), "", "i")
    escaped = pc.replace_substring_regex(values, r'(["\\])', r"\\\1")
    return pc.binary_join_element_wise('"', escaped, '"', "")
