"""A history's points as bytes: JSON, CSV, NDJSON, an Arrow IPC stream or a Parquet file, slice by slice."""

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

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
    """Return the body in CSV, NDJSON, Arrow or Parquet, one piece per slice: nothing is held longer than that."""
    return _ENCODERS[name](schema, slices, meta)


class _Sink(io.RawIOBase):
    """File that gives away what was written since the last call; its position goes on."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self._n_bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._written.append(bytes(content))
        self._n_bytes += len(content)
        return len(content)

    def tell(self) -> int:
        return self._n_bytes

    def take(self) -> bytes:
        written, self._written = b"".join(self._written), []
        return written


def _to_csv(schema: pa.Schema, slices: Iterable[list[Row]], meta: Meta) -> Iterator[bytes]:
    sink = _Sink()
    with pa_csv.CSVWriter(sink, to_csv_points(schema, []).schema) as writer:
        yield sink.take()
        for rows in slices:
            writer.write_batch(to_csv_points(schema, rows))
            yield sink.take()


def _to_ndjson(schema: pa.Schema, slices: Iterable[list[Row]], meta: Meta) -> Iterator[bytes]:
    for rows in slices:
        yield _LINES.encode_lines(to_json_points(schema, rows))


def _to_arrow(schema: pa.Schema, slices: Iterable[list[Row]], meta: Meta) -> Iterator[bytes]:
    sink, described = _Sink(), _described(schema, meta)
    with pa.ipc.new_stream(sink, described) as writer:
        yield sink.take()
        for rows in slices:
            writer.write_batch(to_arrow_points(described, rows))
            yield sink.take()
    yield sink.take()


def _to_parquet(schema: pa.Schema, slices: Iterable[list[Row]], meta: Meta) -> Iterator[bytes]:
    sink, described = _Sink(), _described(schema, meta)
    with pq.ParquetWriter(sink, described, compression="zstd") as writer:
        yield sink.take()
        for rows in slices:
            writer.write_batch(to_arrow_points(described, rows))
            yield sink.take()
    yield sink.take()


def _described(schema: pa.Schema, meta: Meta) -> pa.Schema:
    """Return a schema with the members of an envelope as its metadata."""
    return schema.with_metadata({name: encode_json(value) for name, value in meta.items()})


_ENCODERS = {"csv": _to_csv, "ndjson": _to_ndjson, "arrow": _to_arrow, "parquet": _to_parquet}
