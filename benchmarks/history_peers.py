"""The peers of the history benchmark: the distribution's PostgreSQL in a folder of its own, and DuckDB's own file."""

import io
import os
import pwd
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
from pyarrow import csv

from lakehouse.schema.spec import Column, TableSpec
from lakehouse.schema.tables import GOLD_PREDICTION, GOLD_PRICE, GOLD_SENTIMENT
from lakehouse.series.definitions import SERIES
from streaming.broker.config import any_free_port

Row = tuple[Any, ...]
TABLES = (GOLD_SENTIMENT, GOLD_PREDICTION, GOLD_PRICE)
_UNPRIVILEGED = "nobody"
_SETTINGS = (
    "shared_buffers=1GB",
    "effective_cache_size=6GB",
    "work_mem=64MB",
    "maintenance_work_mem=512MB",
    "max_wal_size=8GB",
    "random_page_cost=1.1",
    "fsync=off",
    "synchronous_commit=off",
    "autovacuum=off",
)
_POSTGRES_TYPES = {
    "string": "text",
    "timestamp": "bigint",
    "double": "float8",
    "integer": "int",
    "long": "bigint",
}
_HOUR_ROLLUP = """
CREATE TABLE hour_rollup AS
SELECT symbol, event_time / 3600000000 * 3600000000 AS hour, count(*) AS n, sum(score) AS total,
    min(score) AS lowest, max(score) AS highest
FROM gold_sentiment GROUP BY 1, 2;
CREATE INDEX ON hour_rollup (symbol, hour);
"""

# Instants are epoch microseconds, as in the answers, so that no peer pays for its own kind of time.
_OF_SYMBOL = "symbol = $symbol AND"
RAW = f"""
SELECT {", ".join(SERIES["sentiment"].raw_columns)}
FROM gold_sentiment WHERE symbol = $symbol AND event_time >= $start AND event_time < $end
ORDER BY event_time DESC, kafka_offset DESC LIMIT 1000
"""
_BUCKETS = """
SELECT {symbol} event_time {div} $width * $width AS bucket, count(*), avg(score), min(score), max(score)
FROM gold_sentiment WHERE {of_symbol} event_time >= $start AND event_time < $end
GROUP BY {keys} ORDER BY {keys}
"""
_ROLLUP_BUCKETS = """
SELECT {symbol} hour / $width * $width AS bucket, sum(n)::bigint, sum(total) / sum(n), min(lowest), max(highest)
FROM hour_rollup WHERE {of_symbol} hour >= $start AND hour < $end
GROUP BY {keys} ORDER BY {keys}
"""
_LATEST = {
    "postgres": """
        SELECT s.symbol, l.message_id FROM unnest($symbols::text[]) AS s(symbol), LATERAL (
            SELECT message_id FROM gold_sentiment g
            WHERE g.symbol = s.symbol AND event_time >= $start AND event_time < $end
            ORDER BY event_time DESC, kafka_offset DESC LIMIT 1) l ORDER BY 1
    """,
    "duckdb": """
        SELECT symbol, arg_max(message_id, (event_time, kafka_offset)) FROM gold_sentiment
        WHERE symbol IN (SELECT unnest($symbols)) AND event_time >= $start AND event_time < $end
        GROUP BY 1 ORDER BY 1
    """,
}
_PREDICTION_COLUMNS = ", ".join(f"p.{name}" for name in SERIES["prediction"].raw_columns)
_PREDICTIONS = {
    "postgres": f"""
        SELECT {_PREDICTION_COLUMNS}, (
            SELECT price FROM gold_price g WHERE g.symbol = p.symbol AND g.event_time <= p.target_time
                AND g.event_time >= p.target_time - 120000000 ORDER BY event_time DESC, kafka_offset DESC LIMIT 1)
        FROM gold_prediction p WHERE symbol = $symbol AND made_at >= $start AND made_at < $end
        ORDER BY made_at DESC, kafka_offset DESC LIMIT 1000
    """,
    "duckdb": f"""
        WITH p AS (
            SELECT * FROM gold_prediction WHERE symbol = $symbol AND made_at >= $start AND made_at < $end
            ORDER BY made_at DESC, kafka_offset DESC LIMIT 1000),
        g AS (
            SELECT event_time AS price_time, price FROM gold_price
            WHERE symbol = $symbol AND event_time >= $start - 120000000 AND event_time < $end + 86400000000)
        SELECT {_PREDICTION_COLUMNS}, CASE WHEN price_time >= target_time - 120000000 THEN price END
        FROM p ASOF LEFT JOIN g ON p.target_time >= g.price_time ORDER BY made_at DESC, kafka_offset DESC
    """,
}


def statement(kind: str, peer: str) -> str:
    """Return the SQL of a kind of question for "postgres", "rollup" (PostgreSQL with rollups) or "duckdb"."""
    if kind == "raw":
        return RAW
    dialect = "duckdb" if peer == "duckdb" else "postgres"
    if kind in ("latest", "prediction"):
        return (_LATEST if kind == "latest" else _PREDICTIONS)[dialect]
    of_all = kind == "all_symbols"
    form = _ROLLUP_BUCKETS if peer == "rollup" and kind != "minutes" else _BUCKETS
    return form.format(
        symbol="symbol," if of_all else "",
        of_symbol="" if of_all else _OF_SYMBOL,
        keys="1, 2" if of_all else "1",
        div="//" if dialect == "duckdb" else "/",
    )


def load_duckdb(path: Path, folders: dict[str, Path]) -> duckdb.DuckDBPyConnection:
    """Make a DuckDB file of the lake's rows, sorted by symbol and time within each day."""
    connection = duckdb.connect(str(path))
    for spec in TABLES:
        selected = _to_select(spec)
        connection.execute(
            f"CREATE TABLE {spec.name} AS SELECT {selected}, event_date "
            f"FROM '{folders[spec.name]}/event_date=*/*.parquet' ORDER BY event_date, symbol, {spec.sort_by[-1]}"
        )
    return connection


@contextmanager
def postgres(folders: dict[str, Path], folder: Path) -> Iterator[psycopg.Connection[Row]]:
    """Yield a PostgreSQL with the rows of the folders' tables and a rollup by the hour, on loopback.

    Loading takes minutes: ``folder`` keeps the data. Raises FileNotFoundError, naming what to install.
    """
    done = folder / "complete"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
    with postgres_server(folder) as connection:
        if not done.exists():
            load_postgres(connection, folders)
            done.touch()
        yield connection


@contextmanager
def postgres_server(folder: Path) -> Iterator[psycopg.Connection[Row]]:
    """Yield a server on a folder until the block ends; a cluster is made where there is none.

    Raises FileNotFoundError, naming what to install, where there is no PostgreSQL.
    """
    programs = Path("/usr/lib/postgresql")
    installed = sorted(programs.glob("*/bin/initdb")) if programs.exists() else []
    if not installed:
        raise FileNotFoundError("no PostgreSQL here: apt-get install postgresql")
    user = _UNPRIVILEGED if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    data, port = folder / "cluster", any_free_port()

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(installed[-1].parent / program), "-D", str(data), *arguments],
            user=user, check=True, cwd=folder, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    if not data.exists():
        folder.mkdir(parents=True)
        shutil.chown(folder, user)
        run("initdb", "-U", "bench", "--auth=trust", "--encoding=UTF8", "--locale=C")
    options = " ".join(
        f"-c {setting}" for setting in (*_SETTINGS, f"port={port}", "unix_socket_directories=''")
    )
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"-c listen_addresses=127.0.0.1 {options}", "start")
    try:
        with psycopg.connect(
            f"host=127.0.0.1 port={port} user=bench dbname=postgres", autocommit=True
        ) as connection:
            yield connection
    finally:
        run("pg_ctl", "-w", "-m", "fast", "stop")


def to_psycopg(sql: str) -> str:
    return re.sub(r"\$(\w+)", r"%(\1)s", sql)


def load_postgres(connection: psycopg.Connection[Row], folders: dict[str, Path]) -> None:
    """Create the tables with their rows, btrees and a rollup by the hour."""
    started = time.monotonic()
    for spec in TABLES:
        if spec.name not in folders:
            continue
        columns = [(column.name, _POSTGRES_TYPES.get(str(column.type), "text")) for column in _copied(spec)]
        listed = ", ".join(f"{name} {kind}" for name, kind in columns)
        connection.execute(f"CREATE TABLE {spec.name} ({listed})")
        for rows in read_days(spec, folders[spec.name]):
            copy_rows(connection, spec, rows)
        connection.execute(f"CREATE INDEX ON {spec.name} (symbol, {spec.sort_by[-1]})")
    connection.execute(_HOUR_ROLLUP)
    connection.execute("VACUUM ANALYZE")
    print(f"PostgreSQL loaded in {time.monotonic() - started:.0f} s", flush=True)


def copy_rows(connection: psycopg.Connection[Row], spec: TableSpec, rows: pa.Table) -> None:
    """Append rows as :func:`to_plain` leaves them, in one transaction."""
    buffer = io.BytesIO()
    csv.write_csv(rows, buffer, csv.WriteOptions(include_header=False))
    with connection.cursor().copy(f"COPY {spec.name} FROM STDIN (FORMAT csv)") as copy:
        copy.write(buffer.getvalue())


def read_days(spec: TableSpec, folder: Path) -> Iterator[pa.Table]:
    """Yield the plain rows of a table's folder, a day at a time, in the order they were written."""
    lake = duckdb.connect()
    for day in sorted(folder.glob("event_date=*")):
        yield _to_plain(spec, lake.from_parquet(f"{day}/*.parquet"))


def to_plain(spec: TableSpec, rows: pa.Table) -> pa.Table:
    """Return rows without lists and times: a list is one string, a time epoch microseconds."""
    return _to_plain(spec, duckdb.connect().from_arrow(rows))


def _to_plain(spec: TableSpec, rows: duckdb.DuckDBPyRelation) -> pa.Table:
    return rows.order("kafka_offset").project(_to_select(spec)).to_arrow_table()


def _copied(spec: TableSpec) -> list[Column]:
    return [column for column in spec.columns if column.name not in ("event_date", "extra")]


def _to_select(spec: TableSpec) -> str:
    def select(column: Column) -> str:
        if column.type == "timestamp":
            return f"epoch_us({column.name}) AS {column.name}"
        return (
            column.name
            if isinstance(column.type, str)
            else f"array_to_string({column.name}, ' ') AS {column.name}"
        )

    return ", ".join(map(select, _copied(spec)))
