"""Benchmarks of the whole pipeline, each at a tiny size: they run to their end and print their figures.

Each starts a Spark of its own for half a minute; those that share their parts with another one are soak tests.
"""

import pytest

from tests.support.benchmark_runs import figures_of, matching
from tests.system.browser.chromium import find_chromium

PERCENTILES = r"p50 +\d+ ms +p95 +\d+ ms +p99 +\d+ ms"


def test_freshness() -> None:
    sizes = ("--rates", "20", "--seconds", "2", "--warm-up", "1", "--drain", "60")
    lines = figures_of("benchmarks.freshness", *sizes)
    assert len(matching(lines, rf"20 msg/s +produce -> (gold|answer) .* {PERCENTILES}$")) == 8


def test_live() -> None:
    sizes = ("--rate", "20", "--seconds", "2", "--clients", "3", "--idle", "3")
    waits = ("--warm-up", "1", "--drain", "60", "--idle-seconds", "1")
    lines = figures_of("benchmarks.live", *sizes, *waits)
    assert len(matching(lines, rf"3 clients, (gateway|relay).*: produce -> client .*{PERCENTILES}")) == 6
    assert matching(lines, r"^3 idle clients: the gateway's process takes \d+ MB")


def test_ingest() -> None:
    lines = figures_of("benchmarks.ingest", "--count", "500")
    assert matching(lines, r"^limit: Spark reads them into nothing +[\d,]+ msg/s")
    assert len(matching(lines, r"^ingestion: .* after +[\d.]+ s +[\d,]+ msg/s +\d+% of the limit")) == 2


@pytest.mark.parametrize(
    ("part", "figure"),
    [
        (("--texts", "100", "--warm-up-texts", "20"), r"^texts: Spark and Kafka, 2 cores +[\d,]+ /s"),
        pytest.param(
            ("--prices", "100", "--warm-up-prices", "20"),
            r"^price updates: Spark and Kafka, 2 cores +[\d,]+ /s",
            marks=pytest.mark.soak,
        ),
        pytest.param(
            ("--headlines", "1", "--warm-up-headlines", "1"),
            rf"^headline published -> an answer .*{PERCENTILES}",
            marks=pytest.mark.soak,
        ),
    ],
    ids=["texts", "prices", "headlines"],
)
def test_analysis(part: tuple[str, ...], figure: str) -> None:
    others = [
        word for name in ("--texts", "--prices", "--headlines") if name not in part for word in (name, "0")
    ]
    lines = figures_of("benchmarks.analysis", *part, *others)
    assert matching(lines, figure)
    assert matching(lines, r"^peak memory of .* GB$")


@pytest.mark.soak
def test_compaction_beside_a_stream() -> None:
    sizes = (
        "--rate",
        "20",
        "--seconds",
        "2",
        "--rows",
        "2000",
        "--commits",
        "20",
        "--warm-up",
        "1",
        "--drain",
        "60",
    )
    lines = figures_of("benchmarks.compaction_freshness", *sizes)
    assert len(matching(lines, rf"^(alone|beside a compaction) .*{PERCENTILES}")) == 2
    assert matching(lines, r"^p95 is [\d.]+ times as long beside a compaction")


def test_frames_of_the_page() -> None:
    if find_chromium() is None:
        pytest.skip("no Chromium with a chromedriver on this machine: make test installs it where it may")
    lines = figures_of("tests.system.browser.frames", "--frames", "10", "--minutes", "120")
    assert matching(lines, r"frames: script p50 [\d.]+ ms, p95 [\d.]+ ms, p99 [\d.]+ ms$")
    assert matching(lines, r"^first contentful paint after \d+ ms$")
