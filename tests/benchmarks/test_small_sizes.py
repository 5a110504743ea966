"""Benchmarks of one lake, each at a tiny size: they run to their end and print their figures."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.benchmark_runs import figures_of, matching

pytestmark = pytest.mark.lake

ROWS = ("--rows", "3000")
SMALL_LAKE = (*ROWS, "--price-minutes", "240")
FAKE_WRK = """#!/usr/bin/env python3
import sys, urllib.request
url = next(argument for argument in sys.argv if argument.startswith("http"))
urllib.request.urlopen(url, timeout=20).read()
print("Requests/sec:     12.50")
"""


@pytest.fixture(scope="module")
def cache() -> Iterator[str]:
    """Return a folder for kept lakes into which PostgreSQL's user may look, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="cryptoviz-bench-tests-"))
    folder.chmod(0o755)
    yield str(folder)
    shutil.rmtree(folder, ignore_errors=True)


def test_rollups() -> None:
    lines = figures_of("benchmarks.rollups", *ROWS, "--rounds", "6")
    assert len(matching(lines, r"30 days hourly: [\d.]+ ms p50, [\d.]+ p95; gold alone [\d.]+")) == 4
    assert len(matching(lines, r"^(first refresh|compaction that merges): [\d.]+ s$")) == 2


def test_compaction() -> None:
    arguments = ("--rows", "1000", "--commits", "10", "--engines", "ours,delta-rs compact")
    lines = figures_of("benchmarks.compaction", *arguments)
    assert len(matching(lines, r"^(ours|delta-rs compact) +\d+ files .* MB +[\d.]+ s +peak +\d+ MB")) == 2
    assert len(matching(lines, r"as fast as before")) == 4 * 4


def test_history(cache: str) -> None:
    sizes = ("--rounds", "1", "--commits", "5", "--folded", "5", "--cache", cache)
    lines = figures_of("benchmarks.history", *SMALL_LAKE, *sizes)
    assert matching(lines, r"peak memory of a process that answers all of it: \d+ MB")
    assert matching(lines, r"folding in a commit: p50 [-\d.]+ ms, p95 [-\d.]+ ms")
    assert matching(lines, r"with 5 uncompacted small commits")


def test_http(cache: str, tmp_path: Path) -> None:
    """A load generator that asks once stands in for wrk."""
    program = tmp_path / "wrk"
    program.write_text(FAKE_WRK)
    program.chmod(0o755)
    sizes = ("--rounds", "1", "--seconds", "1", "--cache", cache)
    lines = figures_of("benchmarks.http", *SMALL_LAKE, *sizes, path=tmp_path)
    for name in ("static bytes", "constant view", "repeated", "distinct"):
        assert len(matching(lines, rf"^  {name} +12 +100.0%$")) == 2, lines


def test_stores() -> None:
    """PostgreSQL and InfluxDB take part where the machine has them; the benchmark names those that it lacks."""
    sizes = ("--rounds", "1", "--starts", "1", "--writes", "3", "--kind", "latest")
    lines = figures_of("benchmarks.stores", *ROWS, *sizes)
    assert matching(lines, r"lakehouse +[\d.]+ s \( *[\d.]+\)")
    assert matching(lines, r"memory while asked +lakehouse +peak \d+ MB")
    assert matching(lines, r"accepted +n=3 ")
