"""A history's points as bytes: JSON, CSV, NDJSON or an Arrow IPC stream, slice by slice."""

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.csv as pa_csv

from api.history.point_columns import to_arrow_points, to_csv_points, to_json_points
from api.http.encoding import encode_json
from lakehouse.history.query import Row

_LINES = msgspec.json.Encoder()
Meta = Mapping[str, Any]
"""An envelope without its points: requete, suivant, complet, retained_from, snapshot."""


def encode_points(schema: pa.Schema, rows: list[Row]) -> bytes:
    """Return the points of a JSON envelope."""
    return encode_json(to_json_points(schema, rows))


def encode_envelope(meta: Meta, points: bytes) -> bytes:
    """Return a JSON envelope around points that are encoded already."""
    members = {"requete": meta["requete"], "points": msgspec.Raw(points), **meta}
    return encode_json(members)


def encode_slices(name: str, schema: pa.Schema, slices: Iterable[list[Row]], meta: Meta) -> Iterator[bytes]:
    """Return the body in CSV, NDJSON or Arrow, one piece per slice: nothing is held longer than that."""
    return _ENCODERS[name](schema, slices, meta)


def _to_csv(schema: pa.Schema, slices: Iterable[list[Row]], meta: Meta) -> Iterator[bytes]:
    sink = io.BytesIO()
    with pa_csv.CSVWriter(sink, to_csv_points(schema, []).schema) as writer:
        yield _taken(sink)
        for rows in slices:
            writer.write_batch(to_csv_points(schema, rows))
            yield _taken(sink)


def _to_ndjson(schema: pa.Schema, slices: Iterable[list[Row]], meta: Meta) -> Iterator[bytes]:
    for rows in slices:
        yield _LINES.encode_lines(to_json_points(schema, rows))


def _to_arrow(schema: pa.Schema, slices: Iterable[list[Row]], meta: Meta) -> Iterator[bytes]:
    sink = io.BytesIO()
    described = schema.with_metadata({name: encode_json(value) for name, value in meta.items()})
    with pa.ipc.new_stream(sink, described) as writer:
        yield _taken(sink)
        for rows in slices:
            writer.write_batch(to_arrow_points(described, rows))
            yield _taken(sink)
    yield _taken(sink)


def _taken(sink: io.BytesIO) -> bytes:
    """Return what was written since the last call."""
    written = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return written


_ENCODERS = {"csv": _to_csv, "ndjson": _to_ndjson, "arrow": _to_arrow}
