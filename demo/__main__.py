"""`make demo`: starts the Procfile's programs one after the other, says what to open, stops all of it at Ctrl-C."""

import argparse
import math
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo.program import Program, read_procfile, start_program
from demo.questions import QUESTIONS, ask, in_words, n_gold_rows, newest_forecast
from lakehouse.errors import SettingError
from lakehouse.process.commands import EXIT_DONE, EXIT_FAILED, print_error
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import StopRequestedError, end_process, pause, run_until_stopped
from streaming.broker.embedded import read_bootstrap

DEFAULT_RUNTIME_DIR = ".runtime/demo"
START_SECONDS = 120.0
PROGRAMS_STOP_SECONDS = 13.0
BROKER_STOP_SECONDS = 5.0
STOP_SECONDS = PROGRAMS_STOP_SECONDS + BROKER_STOP_SECONDS + 1.0
"""The broker ends last, so that the others can still write to it; together they end within 20 s."""
POLL_SECONDS = 0.25
PROGRESS_SECONDS = 10.0
LIVE_BEHIND_SECONDS = 180.0
HISTORY_SECONDS = 300.0
N_COLLECTORS = re.compile(r"prices starts .*collectors=(\d+)")
LIVE_MARKET = re.compile(r"prices market=(\S+) trades=.* next_seconds=(?!0\.0)")
STREAM_STARTS = ("ingest starts", "sentiment starts", "prediction starts")


class DemoFailedError(Exception):
    """A program of the demo ended, or did not come up in time; the message ends with the end of its log."""


class Demo:
    """The running programs, and the lines that tell a person how far it is."""

    def __init__(self, settings: Settings, stopping: threading.Event) -> None:
        self._started = time.monotonic()
        self._stopping = stopping
        self._settings = settings
        self._log_dir = settings.runtime_dir / "logs"
        self._programs: dict[str, Program] = {}
        self._environ = os.environ | {
            "CRYPTOVIZ_RUNTIME_DIR": str(settings.runtime_dir),
            "PYTHONUNBUFFERED": "1",
        }

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def run(self, *, seconds: float | None) -> int:
        """Runs until Ctrl-C, or for ``seconds`` once it is ready and its history whole; returns the exit code."""
        try:
            url = self._start()
            self._say("ready", f"open {url}/   (Ctrl-C stops everything)")
            for path in questions():
                print(f"  curl '{url}{path}'", flush=True)
            self._wait_for_end(url, seconds)
            return 0 if seconds is None else self._ask_all(url)
        except StopRequestedError:
            return EXIT_DONE
        except DemoFailedError as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1
        finally:
            self._stop()

    def _start(self) -> str:
        self._log_dir.mkdir(parents=True, exist_ok=True)
        commands = read_procfile(Path("Procfile"))
        self._start_broker(commands.pop("broker"))
        for name, command in commands.items():
            self._environ["CRYPTOVIZ_HTTP_PORT"] = os.environ.get("CRYPTOVIZ_HTTP_PORT", "8000")
            self._programs[name] = start_program(name, command, environ=self._environ, log_dir=self._log_dir)
        url = self._wait_for_api(commands["api"])
        self._say("api", f"answers at {url}")
        self._wait("offline", lambda program: "offline ready" in program.log_text())
        self._say("offline", "generated news and a generated market, served on this machine for collectors")
        self._wait("stream", lambda program: all(line in program.log_text() for line in STREAM_STARTS))
        self._say("stream", f"Spark analyses, and streams into {self._settings.lake_location().uri}")
        self._wait("prices", has_caught_up)
        self._say("collect", "seven days of news and prices are on Kafka; Spark goes through them now")
        return url

    def _start_broker(self, command: list[str]) -> None:
        if "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS" in os.environ:
            self._say("broker", f"external: {os.environ['CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS']}")
            return
        self._programs["broker"] = start_program(
            "broker", command, environ=self._environ, log_dir=self._log_dir
        )
        self._wait("broker", lambda program: "ready bootstrap=" in program.log_text())
        bootstrap = read_bootstrap(self._settings.broker_dir) or ""
        self._environ["CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS"] = bootstrap
        self._say("broker", f"Kafka is ready at {bootstrap}")

    def _wait_for_api(self, command: list[str]) -> str:
        """Waits for the API; takes any free port where the usual one is taken."""
        program = self._programs["api"]
        while "API listening on " not in program.log_text():
            self._pause()
            if program.has_ended and "cannot listen" in program.log_text():
                environ = self._environ | {"CRYPTOVIZ_HTTP_PORT": "0"}
                program = start_program("api", command, environ=environ, log_dir=self._log_dir)
                self._programs["api"] = program
            elif program.has_ended:
                raise DemoFailedError(f"api ended: {program.log_tail()}")
        return program.log_text().split("API listening on ")[1].split()[0]

    def _wait(self, name: str, is_up: Callable[[Program], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_up(self._programs[name]):
            self._assert_running()
            if time.monotonic() > deadline:
                raise DemoFailedError(
                    f"{name} is not up after {START_SECONDS:.0f} s: {self._programs[name].log_tail()}"
                )
            self._pause()

    def _wait_for_end(self, url: str, seconds: float | None) -> None:
        """Until Ctrl-C, or ``seconds`` from now and a whole history; says meanwhile how far that has come."""
        until = math.inf if seconds is None else self.seconds + seconds
        next_word, is_whole = self.seconds + PROGRESS_SECONDS, False
        while self.seconds < until or not is_whole:
            if self.seconds > until + HISTORY_SECONDS:
                raise DemoFailedError(f"the history is not whole {HISTORY_SECONDS:.0f} s later")
            self._assert_running()
            if self._stopping.wait(POLL_SECONDS):
                return
            if not is_whole and self.seconds >= next_word:
                is_whole = self._say_progress(url)
                next_word = self.seconds + PROGRESS_SECONDS

    def _say_progress(self, url: str) -> bool:
        """Whether the forecasts have come to the present."""
        made_at = newest_forecast(url)
        behind = math.inf if made_at is None else (datetime.now(UTC) - made_at).total_seconds()
        if behind < LIVE_BEHIND_SECONDS:
            self._say("history", f"whole: seven days, {n_gold_rows(url):,} rows in gold; live from now on")
            return True
        reached = "are on their way" if made_at is None else f"have come to {made_at:%Y-%m-%d %H:%M} UTC"
        self._say("history", f"{n_gold_rows(url):,} rows in gold; the forecasts of seven days {reached}")
        return False

    def _ask_all(self, url: str) -> int:
        lines = [in_words(path, ask(url, path)) for path in questions()]
        print("\n".join(lines))
        print(f"gold holds {n_gold_rows(url):,} rows")
        return 1 if any(line.endswith("EMPTY") for line in lines) else 0

    def _assert_running(self) -> None:
        for program in self._programs.values():
            if program.has_ended:
                raise DemoFailedError(f"{program.name} ended by itself:\n{program.log_tail()}")

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
        self._say("stopped", "nothing is left running; `make clean` removes the demo's lake")

    def _say(self, stage: str, text: str) -> None:
        print(f"[{self.seconds:6.1f} s] {stage:<8} {text}", flush=True)


def has_caught_up(collector: Program) -> bool:
    """Whether every market's history is in Kafka: it is no longer asked for the next page at once."""
    text = collector.log_text()
    started = N_COLLECTORS.search(text)
    return started is not None and len(set(LIVE_MARKET.findall(text))) >= int(started[1])


def questions() -> list[str]:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d")
    return [path.format(yesterday=yesterday) for path in QUESTIONS]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description="The whole pipeline on this machine.")
    parser.add_argument(
        "--seconds",
        type=float,
        help="stop by itself so long after it is ready (with a whole history), ask the API and check",
    )
    options = parser.parse_args()
    try:
        settings = Settings.from_environ(
            {"CRYPTOVIZ_RUNTIME_DIR": DEFAULT_RUNTIME_DIR} | set_variables(os.environ)
        )
    except SettingError as error:
        print_error("demo", error)
        return EXIT_FAILED
    return run_until_stopped(
        lambda stopping: Demo(settings, stopping).run(seconds=options.seconds), grace_seconds=STOP_SECONDS
    )


def set_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are not empty."""
    return {name: value for name, value in environ.items() if value}


if __name__ == "__main__":
    end_process(main())
