"""The distribution's InfluxDB 1.x in a folder of its own, on loopback: started, loaded, asked, stopped."""

import http.client
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pyarrow as pa

from benchmarks.history_lake import END_US, START_US, SYMBOLS
from benchmarks.history_peers import Row
from benchmarks.history_questions import Asked
from benchmarks.influx_questions import (
    BACKFILL,
    CONTINUOUS_QUERY,
    DATABASE,
    FIELDS,
    TAGS,
    to_influxql,
    to_rows,
)
from benchmarks.line_protocol import to_lines, unique_ns
from streaming.broker.config import any_free_port
from tests.support.processes import ChildProcess

BATCH_ROWS = 10_000
_START_SECONDS = 60.0
_COMPACTED_SECONDS = 300.0
_SETTLED_SECONDS = 5.0
# Its defaults, but that shards are compacted at once, not after 4 h without writes, and that it logs no queries.
_CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{backup_port}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  cache-snapshot-write-cold-duration = "1s"
  compact-full-write-cold-duration = "1s"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[continuous_queries]
  log-enabled = false
"""


@dataclass(frozen=True, slots=True)
class Influx:
    """A running server and one connection to it that stays open."""

    connection: http.client.HTTPConnection
    pid: int
    folder: Path

    def query(self, statement: str) -> list[dict[str, Any]]:
        """Return the answer's series, times in epoch microseconds; raise RuntimeError with the server's message."""
        asked = urlencode({"db": DATABASE, "epoch": "u", "q": statement})
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/x-msgpack"}
        answer = msgspec.msgpack.decode(self._posted("/query", asked.encode(), kind))
        (result,) = answer["results"]
        if "error" in result:
            raise RuntimeError(result["error"])
        series: list[dict[str, Any]] = result.get("series", [])
        return series

    def write(self, lines: Iterable[str]) -> None:
        self._posted(f"/write?db={DATABASE}&precision=ns", "\n".join(lines).encode(), {})

    def ping(self) -> None:
        self.connection.request("GET", "/ping")
        self.connection.getresponse().read()

    def _posted(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        self.connection.request("POST", path, body, headers)
        response = self.connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            raise RuntimeError(f"InfluxDB: {response.status} {answer[:500].decode(errors='replace')}")
        return answer


@contextmanager
def influx(folder: Path) -> Iterator[Influx]:
    """Run a server on the folder, which keeps its rows, until the block ends.

    Raises FileNotFoundError, naming what to install, where there is none.
    """
    program = shutil.which("influxd")
    if program is None:
        raise FileNotFoundError("no InfluxDB here: apt-get install influxdb")
    folder.mkdir(parents=True, exist_ok=True)
    port, config = any_free_port(), folder / "influxdb.conf"
    config.write_text(_CONFIG.format(folder=folder.resolve(), port=port, backup_port=any_free_port()))
    process = ChildProcess([program, "run", "-config", str(config)], log_path=folder / "log")
    process.start()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        started = Influx(connection, process.pid, folder)
        _wait_until_ready(started, process)
        started.query(f"CREATE DATABASE {DATABASE}")
        yield started
    finally:
        connection.close()
        process.stop()


def _wait_until_ready(started: Influx, process: ChildProcess) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.is_running and time.monotonic() < deadline:
        try:
            started.ping()
        except (OSError, http.client.HTTPException):
            started.connection.close()
            time.sleep(0.01)
        else:
            return
    raise RuntimeError(f"InfluxDB did not start: {process.log[-2_000:]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Seconds of a load: making lines, all until accepted, and until the files stopped changing."""

    encoding_seconds: float
    accepted_seconds: float
    compacted_seconds: float


def load_influx(store: Influx, days: Iterable[pa.Table]) -> Loaded:
    """Write the days' sentiments in batches, then the rollup that a continuous query would have kept.

    Raises RuntimeError where the server does not count as many points as there were rows.
    """
    started, encoding, n_rows = time.monotonic(), 0.0, 0
    for rows in in_batches(days, BATCH_ROWS):
        encoding_started = time.monotonic()
        lines = to_points(rows).to_pylist()
        encoding += time.monotonic() - encoding_started
        store.write(lines)
        n_rows += len(lines)
    store.query(CONTINUOUS_QUERY)
    store.query(BACKFILL.format(start=START_US, end=END_US))
    accepted = time.monotonic()
    _wait_until_compacted(store.folder / "data")
    compacted = time.monotonic() - _SETTLED_SECONDS
    ((_, n_points),) = store.query(
        f"SELECT count(score) FROM gold_sentiment WHERE time >= {START_US}u AND time < {END_US}u"
    )[0]["values"]
    if n_points != n_rows:
        raise RuntimeError(f"InfluxDB has {n_points} points of {n_rows} rows")
    return Loaded(
        encoding_seconds=encoding,
        accepted_seconds=accepted - started,
        compacted_seconds=max(compacted, accepted) - started,
    )


def in_batches(days: Iterable[pa.Table], n_rows: int) -> Iterator[pa.Table]:
    """Return the same rows, ``n_rows`` at a time; the last batch has what is left."""
    left: pa.Table | None = None
    for rows in days:
        left = rows if left is None else pa.concat_tables([left, rows])
        while left.num_rows >= n_rows:
            yield left.slice(0, n_rows)
            left = left.slice(n_rows)
    if left is not None and left.num_rows:
        yield left


def to_points(rows: pa.Table) -> pa.Array:
    """Lines of sentiments as PostgreSQL gets them: times in microseconds, terms as one string."""
    timed = rows.append_column("time_ns", unique_ns(rows["event_time"], rows["kafka_offset"]))
    return to_lines("gold_sentiment", timed, tags=TAGS, fields=FIELDS)


def _wait_until_compacted(folder: Path) -> None:
    """Until no file has come or gone for a while."""
    deadline = time.monotonic() + _COMPACTED_SECONDS
    seen, since = _files(folder), time.monotonic()
    while time.monotonic() < min(deadline, since + _SETTLED_SECONDS):
        time.sleep(0.2)
        if (now := _files(folder)) != seen:
            seen, since = now, time.monotonic()


def _files(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*.tsm*")}


def ask_influx(store: Influx, asked: Asked, *, rollup: bool) -> list[Row]:
    kind = asked.kind
    statement = to_influxql(
        kind.name,
        symbol=asked.symbol,
        symbols=SYMBOLS,
        start_us=asked.start_us,
        end_us=asked.end_us,
        width_us=kind.width_us,
        rollup=rollup,
    )
    return to_rows(kind.name, store.query(statement))
