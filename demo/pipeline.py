"""Pipeline of the demo: the Procfile's programs, started one after the other and stopped together."""

import math
import os
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from demo.api_requests import PATHS, HistoryState, get_json, history_state, summarize
from demo.metrics import METRICS, prometheus_command
from demo.program import PROCFILE, Program, read_procfile
from lakehouse.process.commands import EXIT_DONE, EXIT_FAILED, print_error
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import StopRequestedError, pause
from streaming.broker.embedded import read_bootstrap

START_SECONDS = 120.0
PROGRAMS_STOP_SECONDS = 13.0
BROKER_STOP_SECONDS = 5.0
STOP_SECONDS = PROGRAMS_STOP_SECONDS + BROKER_STOP_SECONDS + 1.0
"""The broker ends last, so that the others can still write to it; together they end within 20 s."""
POLL_SECONDS = 0.25
PROGRESS_SECONDS = 10.0
STALLED_SECONDS = 300.0
"""The history has stopped where it has not come on for so long; a busy machine takes its time."""
CHECK_SECONDS = 60.0
N_COLLECTORS = re.compile(r"prices starts .*collectors=(\d+)")
LIVE_MARKET = re.compile(r"prices market=(\S+) trades=.* next_seconds=(?!0\.0)")
STREAM_STARTS = ("ingest starts", "sentiment starts", "prediction starts")


class DemoFailedError(Exception):
    """A program that ended, or was not ready in time; the message ends with the end of its log."""


class Demo:
    """Running programs, and the lines about their progress."""

    def __init__(self, settings: Settings, stopping: threading.Event) -> None:
        self._start_time = time.monotonic()
        self._stopping = stopping
        self._settings = settings
        self._log_dir = settings.runtime_dir / "logs"
        self._programs: dict[str, Program] = {}
        self._state = HistoryState()
        self._progress_seconds = 0.0
        self._environ = os.environ | {
            "CRYPTOVIZ_RUNTIME_DIR": str(settings.runtime_dir),
            "PYTHONUNBUFFERED": "1",
            "CRYPTOVIZ_METRICS": settings.metrics or METRICS,
        }

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start_time

    def run(self, *, seconds: float | None) -> int:
        """Run until Ctrl-C, or for ``seconds`` once the history is complete; return the exit code."""
        try:
            url = self._start()
            self._print("ready", f"open {url}/   (Ctrl-C stops everything)")
            for path in paths():
                print(f"  curl '{url}{path}'", flush=True)
            self._wait_for_end(url, seconds)
            return EXIT_DONE if seconds is None else self._check_answers(url)
        except StopRequestedError:
            return EXIT_DONE
        except DemoFailedError as error:
            print_error("demo", error)
            return EXIT_FAILED
        finally:
            self._stop()

    def _start(self) -> str:
        self._log_dir.mkdir(parents=True, exist_ok=True)
        commands = read_procfile(PROCFILE)
        self._start_broker(commands.pop("broker"))
        for name, command in commands.items():
            self._environ["CRYPTOVIZ_HTTP_PORT"] = os.environ.get("CRYPTOVIZ_HTTP_PORT", "8000")
            self._start_program(name, command)
        url = self._wait_for_api(commands["api"])
        self._print("api", f"answers at {url}")
        self._wait("offline", lambda program: "offline ready" in program.log_text())
        self._print("offline", "generated news and a generated market, served on this machine for collectors")
        self._wait("stream", lambda program: all(line in program.log_text() for line in STREAM_STARTS))
        self._print("stream", f"Spark analyses, and streams into {self._settings.lake_location().uri}")
        self._wait("prices", has_caught_up)
        self._print("collect", "seven days of news and prices are on Kafka; Spark reads them now")
        self._start_prometheus(url)
        return url

    def _start_prometheus(self, url: str) -> None:
        """Scrape the programs where Prometheus is installed."""
        started = prometheus_command(api_url=url, folder=self._settings.runtime_dir / "prometheus")
        if started is not None:
            command, address = started
            self._start_program("prometheus", command)
            self._print("metrics", f"Prometheus scrapes every program: {address}")

    def _start_broker(self, command: list[str]) -> None:
        if "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS" in os.environ:
            self._print("broker", f"external: {os.environ['CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS']}")
            return
        self._start_program("broker", command)
        self._wait("broker", lambda program: "ready bootstrap=" in program.log_text())
        bootstrap = read_bootstrap(self._settings.broker_dir) or ""
        self._environ["CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS"] = bootstrap
        self._print("broker", f"Kafka is ready at {bootstrap}")

    def _wait_for_api(self, command: list[str]) -> str:
        """Wait for the API, and return its address; it takes any free port where the usual one is taken."""
        program = self._programs["api"]
        while "API listening on " not in program.log_text():
            self._pause()
            if program.has_ended and "cannot listen" in program.log_text():
                self._environ["CRYPTOVIZ_HTTP_PORT"] = "0"
                program = self._start_program("api", command)
            self._restart_ended()
        url = program.log_text().split("API listening on ")[1].split()[0]
        # A restart answers at the same address.
        program.environ["CRYPTOVIZ_HTTP_PORT"] = str(urlsplit(url).port)
        return url

    def _wait(self, name: str, is_up: Callable[[Program], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_up(self._programs[name]):
            self._restart_ended()
            if time.monotonic() > deadline:
                raise DemoFailedError(
                    f"{name} is not up after {START_SECONDS:.0f} s: {self._programs[name].log_tail()}"
                )
            self._pause()

    def _wait_for_end(self, url: str, seconds: float | None) -> None:
        """Wait for Ctrl-C, or for ``seconds`` and a complete history; print the progress meanwhile."""
        until = math.inf if seconds is None else self.seconds + seconds
        next_print, is_complete = self.seconds + PROGRESS_SECONDS, False
        while self.seconds < until or not is_complete:
            if self.seconds > max(until, self._progress_seconds) + STALLED_SECONDS:
                raise DemoFailedError(f"the history has not come on for {STALLED_SECONDS:.0f} s")
            self._restart_ended()
            if self._stopping.wait(POLL_SECONDS):
                return
            if not is_complete and self.seconds >= next_print:
                is_complete = self._print_progress(url)
                next_print = self.seconds + PROGRESS_SECONDS

    def _print_progress(self, url: str) -> bool:
        """Print how far the history is, and return whether it is complete."""
        state = history_state(url)
        if (state.n_rows, state.forecast_time) != (self._state.n_rows, self._state.forecast_time):
            self._state, self._progress_seconds = state, self.seconds
        if state.is_complete(datetime.now(UTC)):
            text = f"complete: seven days of every series, {state.n_rows:,} rows in gold; live from now on"
            self._print("history", text)
            return True
        self._print("history", state.in_words())
        return False

    def _check_answers(self, url: str) -> int:
        """Print what each request returns, and fail where one is still empty after a minute."""
        deadline = time.monotonic() + CHECK_SECONDS
        lines = []
        for path in paths():
            line = summarize(path, get_json(url, path))
            while line.endswith("EMPTY") and time.monotonic() < deadline and not self._stopping.is_set():
                self._restart_ended()
                self._stopping.wait(1.0)
                line = summarize(path, get_json(url, path))
            lines.append(line)
            print(line, flush=True)
        print(f"gold holds {history_state(url).n_rows:,} rows")
        return EXIT_FAILED if any(line.endswith("EMPTY") for line in lines) else EXIT_DONE

    def _start_program(self, name: str, command: list[str]) -> Program:
        self._programs[name] = Program(name, command, environ=self._environ, log_dir=self._log_dir)
        return self._programs[name]

    def _restart_ended(self) -> None:
        """Start programs again that ended by themselves. Raises: DemoFailedError where one fails at its start."""
        for program in self._programs.values():
            if not program.has_ended:
                continue
            end = program.end
            program.restart()
            if program.fails_at_start:
                raise DemoFailedError(f"{program.name} {end} again and again:\n{program.log_tail()}")
            self._print(program.name, f"{end}; started again (pid {program.pid})")

    def _pause(self) -> None:
        pause(self._stopping, POLL_SECONDS)

    def _stop(self) -> None:
        broker = self._programs.pop("broker", None)
        for program in self._programs.values():
            program.request_stop()
        deadline = time.monotonic() + PROGRAMS_STOP_SECONDS
        for program in self._programs.values():
            program.stop(max(0.0, deadline - time.monotonic()))
        if broker is not None:
            broker.stop(BROKER_STOP_SECONDS)
        self._print("stopped", "nothing is left running; `make clean` removes the demo's lake")

    def _print(self, stage: str, text: str) -> None:
        print(f"[{self.seconds:6.1f} s] {stage:<8} {text}", flush=True)


def has_caught_up(collector: Program) -> bool:
    """Return whether every market's history is in Kafka: the next page is no longer fetched at once."""
    text = collector.log_text()
    start = N_COLLECTORS.search(text)
    return start is not None and len(set(LIVE_MARKET.findall(text))) >= int(start[1])


def paths() -> list[str]:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d")
    return [path.format(yesterday=yesterday) for path in PATHS]
