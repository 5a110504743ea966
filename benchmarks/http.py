"""Requests a second of history questions over HTTP, beside a constant view and static bytes of the same server."""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.history_lake import END_US, SYMBOLS, add_lake_options, cached_lake
from lakehouse import lake
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.time_range import DAY_US
from tests.support.processes import ChildProcess

_N_CONNECTIONS = 8
_END_MS, _DAY_MS = END_US // 1000, DAY_US // 1000
# Symbols in turn, and an end within the last seven days that no request has had before.
_DISTINCT = """
local symbols, n = {%(symbols)s}, 0
math.randomseed(os.time())
request = function()
    n = n + 1
    local last = %(end_ms)d - math.random(0, %(recent_ms)d)
    local range = string.format("&date_debut=%%d&date_fin=%%d", last - %(day_ms)d, last)
    return wrk.format("GET", "/api/v1/sentiment/" .. symbols[n %% #symbols + 1] .. "/historique?%(query)s" .. range)
end
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of question: its parameters beside the range, which is always of 24 h."""

    name: str
    title: str
    parameters: str

    @property
    def repeated(self) -> str:
        between = f"date_debut={_END_MS - _DAY_MS}&date_fin={_END_MS}"
        return f"/api/v1/sentiment/{SYMBOLS[0]}/historique?{self.parameters}&{between}"

    def script(self) -> str:
        return _DISTINCT % {
            "symbols": ", ".join(f'"{symbol}"' for symbol in SYMBOLS),
            "end_ms": _END_MS,
            "recent_ms": 7 * _DAY_MS,
            "day_ms": _DAY_MS,
            "query": self.parameters,
        }


KINDS = (
    Kind("buckets", "24 h in 5-min buckets", "intervalle=5m"),
    Kind("rows", "newest 100 rows of 24 h", "intervalle=brut&limite=100"),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.http", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="sentiments (default 10,000,000)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each question (default 3)")
    parser.add_argument("--seconds", type=int, default=5, help="length of a turn (default 5)")
    add_lake_options(parser)
    options = parser.parse_args()
    source = cached_lake(options, options.rows)
    with tempfile.TemporaryDirectory(prefix="cryptoviz-bench-", dir=options.cache) as scratch:
        folder = Path(scratch) / "lake"
        shutil.copytree(source, folder, copy_function=lambda path, to: Path(to).hardlink_to(path))
        refresh_rollups(lake.open(str(folder)))
        with _running(folder, Path(scratch)) as url, _streaming(folder):
            for kind in KINDS:
                _measure(kind, url, Path(scratch), options.rounds, options.seconds)
    return 0


def _measure(kind: Kind, url: str, folder: Path, n_rounds: int, n_seconds: int) -> None:
    with urllib.request.urlopen(url + kind.repeated) as answer:
        body = answer.read()
    (folder / kind.name).write_bytes(body)
    script = folder / f"{kind.name}.lua"
    script.write_text(kind.script())
    turns = {
        "static bytes": [f"{url}/static/{kind.name}"],
        "constant view": [f"{url}/constant/{kind.name}"],
        "repeated": [url + kind.repeated],
        "distinct": ["-s", str(script), url],
    }
    _requests_a_second(turns["distinct"], n_seconds)
    rates: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(n_rounds):
        for name, arguments in turns.items():
            rates[name].append(_requests_a_second(arguments, n_seconds))
    medians = {name: median(of_turn) for name, of_turn in rates.items()}
    print(f"\n{kind.title}, answers of {len(body):,} bytes: requests/s (share of the constant view)")
    for name, rate in medians.items():
        print(f"  {name:14} {rate:9,.0f}  {rate / medians['constant view']:6.1%}", flush=True)


def _requests_a_second(arguments: list[str], n_seconds: int) -> float:
    """Return the measured rate. Raises RuntimeError where an answer was not 200."""
    output = subprocess.run(
        ["wrk", "-t1", f"-c{_N_CONNECTIONS}", f"-d{n_seconds}s", *arguments],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(output)
    match = re.search(r"Requests/sec:\s+([\d.]+)", output)
    return float(match[1]) if match else 0.0


@contextmanager
def _running(folder: Path, runtime_dir: Path) -> Iterator[str]:
    environ = {
        "CRYPTOVIZ_LAKE_URI": str(folder),
        "CRYPTOVIZ_RUNTIME_DIR": str(runtime_dir),
        "CRYPTOVIZ_HTTP_PORT": "0",
    }
    server = ChildProcess.of_module(
        "benchmarks.http_server", log_path=runtime_dir / "server.log", environ=environ
    )
    server.start()
    try:
        yield server.wait_log(r"listening on (\S+)")[1]
        exit_code = server.stop()
    finally:
        server.end()
    if exit_code:
        raise RuntimeError(f"the server ended with {exit_code}: {server.log[-2_000:]}")


@contextmanager
def _streaming(folder: Path) -> Iterator[None]:
    stream = ChildProcess.of_module(
        "benchmarks.history_lake", str(folder), log_path=folder.with_name("stream.log")
    )
    stream.start()
    try:
        yield
    finally:
        stream.end()


if __name__ == "__main__":
    sys.exit(main())
