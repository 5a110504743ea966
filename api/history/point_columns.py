"""Points as columns: the Arrow types of what a page shows, and the texts that JSON and CSV show instead."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from api.http.encoding import encode_json, format_times
from lakehouse.history.query import Row
from lakehouse.process.outside_text import FORMULA_START
from lakehouse.schema.spec import to_arrow_type
from lakehouse.series.definitions import SERIES, Series

_INSTANT = pa.timestamp("us", tz="UTC")
_BUCKET_TYPES: Mapping[str, pa.DataType] = {
    "event_time": _INSTANT,
    "count": pa.int64(),
    "positive": pa.int64(),
    "negative": pa.int64(),
    "origins": pa.list_(pa.string()),
    "venue": pa.string(),
    "quote": pa.string(),
    "complete": pa.bool_(),
    "filled": pa.bool_(),
}
_STORY_TYPES: Mapping[str, pa.DataType] = {"story_id": pa.string(), "n_sources": pa.int64()}
_ORIGINS_OF_BITS = tuple(
    [name for bit, name in ((1, "collected"), (2, "generated"), (4, "replay")) if bits & bit]
    for bits in range(8)
)


def point_schema(series: Series, columns: Sequence[str]) -> pa.Schema:
    """Return the Arrow schema of a page's columns."""
    return _schema_of(series.name, tuple(columns))


@cache
def _schema_of(name: str, columns: tuple[str, ...]) -> pa.Schema:
    raw = {column.name: to_arrow_type(column.type) for column in SERIES[name].table.columns}
    of_buckets = "origins" in columns
    types = _BUCKET_TYPES if of_buckets else {**raw, **_STORY_TYPES}
    return pa.schema([pa.field(column, types.get(column, pa.float64())) for column in columns])


def to_json_points(schema: pa.Schema, rows: Sequence[Row]) -> list[Any]:
    """Return rows as structs for JSON: instants in RFC 3339, origins by name."""
    if not rows:
        return []
    columns = _to_columns(schema, rows)
    for at, field in enumerate(schema):
        if field.type == _INSTANT:
            columns[at] = format_times(columns[at])
    return list(map(_point_type(tuple(schema.names)), *columns))


@cache
def _point_type(names: tuple[str, ...]) -> type:
    # A struct is made in a third of a dict's time, and written in half of it.
    return msgspec.defstruct("Point", names, frozen=True, gc=False)


def to_arrow_points(schema: pa.Schema, rows: Sequence[Row]) -> pa.RecordBatch:
    """Return rows as one Arrow batch."""
    values = _to_columns(schema, rows)
    arrays = [pa.array(column, field.type) for column, field in zip(values, schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)


def to_csv_points(schema: pa.Schema, rows: Sequence[Row]) -> pa.RecordBatch:
    """Return rows as one Arrow batch for CSV: instants in RFC 3339, nested ones as JSON, no text that is a formula."""
    arrays = []
    for column, field in zip(_to_columns(schema, rows), schema, strict=True):
        if field.type == _INSTANT:
            arrays.append(pa.array(format_times(column), pa.string()))
        elif pa.types.is_nested(field.type):
            texts = [None if value is None else encode_json(value).decode() for value in column]
            arrays.append(pa.array(texts, pa.string()))
        elif pa.types.is_string(field.type):
            arrays.append(_without_formulas(pa.array(column, field.type)))
        else:
            arrays.append(pa.array(column, field.type))
    return pa.RecordBatch.from_arrays(arrays, names=schema.names)


def _without_formulas(texts: pa.Array) -> pa.Array:
    """Return texts, those that a spreadsheet would take for a formula with a leading apostrophe."""
    is_formula = pc.match_substring_regex(texts, f"^{FORMULA_START}")
    return pc.if_else(is_formula, pc.binary_join_element_wise("'", texts, ""), texts)


def _to_columns(schema: pa.Schema, rows: Sequence[Row]) -> list[Sequence[Any]]:
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    if "origins" in schema.names:
        at = schema.get_field_index("origins")
        columns[at] = [_ORIGINS_OF_BITS[bits] for bits in columns[at]]
    return columns
