"""What an answer costs to make beside what an SQLite cache of answers would cost: `python -m benchmarks.answer_cache`.

The cache is Django's, in a file of its own; its key is the question and the version of the tables that it was
answered from. Both pin a snapshot first, which is how a key is known not to be stale.
"""

import argparse
import hashlib
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import django
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command

from api.history.point_columns import point_schema
from api.history.representations import encode_points
from benchmarks.rollups import END, N_DAYS, N_SYMBOLS, START, GoldWriter
from compaction.compact import CompactChoice, compact_lake
from lakehouse.delta.storage import LakeLocation
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.history.page import HistoryQuery, read_history
from lakehouse.lake import Lake
from lakehouse.schema.tables import GOLD_SENTIMENT
from lakehouse.series.definitions import SENTIMENT
from lakehouse.time_range import DAY_US, SECOND_US, TimeRange, to_us

COLUMNS_BYTES = 256 * 1024 * 1024
N_RUNS = 60
N_WARM = 20
QUESTIONS = {
    "24 h in 5 min": ("5m", 1, 1_000),
    "7 days hourly": ("1h", 7, 1_000),
    "30 days hourly": ("1h", 30, 1_000),
    "89 days daily": ("1d", 89, 1_000),
    "rows of 24 h": ("brut", 1, 1_000),
    "rows of 30 days": ("brut", 30, 10_000),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answer_cache", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of gold over 90 days")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _open_cache(Path(folder) / "cache.sqlite3")
        location = LakeLocation.parse(str(Path(folder) / "lake"))
        _fill(location, options.rows)
        lake = Lake(location, columns_budget_bytes=COLUMNS_BYTES)
        for name, (interval, n_days, limit) in QUESTIONS.items():
            questions = [_question(run, interval, n_days, limit) for run in range(N_RUNS)]
            made, stored, found = _milliseconds(lake, questions)
            n_bytes = len(_make(lake, questions[-1]))
            print(
                f"{name}: made {made:.2f} ms p50, found {found:.2f}, missed (made and stored) {stored:.2f};"
                f" {n_bytes:,} bytes",
                flush=True,
            )


def _open_cache(path: Path) -> None:
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(path),
                "OPTIONS": {"init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF"},
            }
        },
        CACHES={
            "default": {
                "BACKEND": "django.core.cache.backends.db.DatabaseCache",
                "LOCATION": "answers",
                "OPTIONS": {"MAX_ENTRIES": 100_000},
            }
        },
    )
    django.setup()
    call_command("createcachetable")


def _fill(location: LakeLocation, n_rows: int) -> None:
    writer = GoldWriter(location)
    for day in range(N_DAYS):
        start_us = to_us(START + timedelta(days=day))
        writer.write(start_us=start_us, end_us=start_us + DAY_US, n_rows=n_rows // N_DAYS)
    refresh_rollups(Lake(location))
    compact_lake(location, CompactChoice(wait_for_late_rows=False))


def _question(run: int, interval: str, n_days: int, limit: int) -> HistoryQuery:
    end_us = to_us(END) - run * 37 * SECOND_US
    return HistoryQuery(
        series=SENTIMENT,
        symbol=f"s{run % N_SYMBOLS:02d}",
        time_range=TimeRange(end_us - n_days * DAY_US, end_us),
        interval=interval,
        limit=limit,
        as_of_us=end_us,
        axis="event_time",
        asked={},
    )


def _make(lake: Lake, query: HistoryQuery) -> bytes:
    page = read_history(lake, query)
    return encode_points(point_schema(query.series, page.columns), page.rows)


def _key(lake: Lake, query: HistoryQuery) -> str:
    version = lake.snapshot(GOLD_SENTIMENT.name)[GOLD_SENTIMENT.name].version
    return hashlib.blake2b(f"{version}:{query}".encode(), digest_size=16).hexdigest()


def _store(lake: Lake, query: HistoryQuery) -> bytes:
    key = _key(lake, query)
    points: bytes | None = cache.get(key)
    if points is None:
        points = _make(lake, query)
        cache.set(key, points)
    return points


def _find(lake: Lake, query: HistoryQuery) -> bytes:
    points: bytes = cache.get(_key(lake, query))
    return points


def _milliseconds(lake: Lake, questions: list[HistoryQuery]) -> list[float]:
    """Medians of making, of missing and of finding each answer, in turns; the first questions warm up."""
    taken: dict[str, list[float]] = {}
    for query in questions:
        for act in (_make, _store, _find):
            started = time.perf_counter()
            act(lake, query)
            taken.setdefault(act.__name__, []).append((time.perf_counter() - started) * 1e3)
    return [statistics.median(milliseconds[N_WARM:]) for milliseconds in taken.values()]


if __name__ == "__main__":
    main()
