"""Command line of the embedded broker: `start` it, ask for its `status`, `stop` it.

python -m streaming.broker start [--dir DIR] [--port 9092] [--topics]
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.process.commands import EXIT_DONE, EXIT_NEEDS_OPERATOR, new_app, run
from lakehouse.process.number_option import number_option
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import GRACE_SECONDS, end_process, run_until_stopped
from streaming.broker.config import BrokerFiles, read_pid
from streaming.command_line import FAILURES
from streaming.errors import BrokerError

if TYPE_CHECKING:
    from streaming.broker.embedded import EmbeddedBroker

EXIT_NOT_RUNNING = EXIT_NEEDS_OPERATOR
# A JVM that was ended by SIGTERM exits with 143.
CLEAN_EXIT_CODES = (0, 128 + signal.SIGTERM, -signal.SIGTERM)
WEEK_HOURS = 7 * 24.0
_HOURS = "hours, above 0 and at most a million"
POLL_SECONDS = 0.1

DirectoryOption = Annotated[
    str,
    typer.Option(
        "--dir",
        metavar="DIR",
        show_default=False,
        help="folder of everything that it keeps; default: broker in CRYPTOVIZ_RUNTIME_DIR",
    ),
]

app = new_app(
    "The embedded Kafka broker: one node on loopback, for a machine that has no cluster.",
    epilog="Exit codes: 0 done, or stopped as asked; 1 failed; 2 not understood; 3 it does not run (status).",
)
main = partial(run, app, prog="python -m streaming.broker", failures=FAILURES)


@app.callback()
def log_warnings() -> None:
    logging.basicConfig(level=logging.WARNING, format="broker: %(levelname)s %(message)s")


@app.command()
def start(
    directory: DirectoryOption = "",
    port: Annotated[
        int | None,
        typer.Option(
            help="wished port; default: the last one, else 9092, else any free one", min=1, max=65_535
        ),
    ] = None,
    retention_hours: Annotated[
        float, number_option(_HOURS, at_least=1e-3, at_most=1e6, help="how long records are kept")
    ] = WEEK_HOURS,
    topics: Annotated[
        bool, typer.Option("--topics", help="create the project's topics before it is ready")
    ] = False,
    partitions: Annotated[int, typer.Option(min=1, max=10_000, help="partitions of a new topic")] = 2,
) -> int:
    """Run it in the foreground until SIGTERM or Ctrl-C."""

    def work(stopping: threading.Event) -> int:
        from streaming.broker.embedded import EmbeddedBroker
        from streaming.kafka.topics import PROJECT_TOPICS

        broker = EmbeddedBroker(
            directory_of(directory),
            port,
            retention_hours=retention_hours,
            n_default_partitions=partitions,
            topics=PROJECT_TOPICS if topics else (),
            stopping=stopping,
        )
        try:
            return _serve(broker, stopping)
        finally:
            broker.stop(GRACE_SECONDS - 2)
            print("broker: stopped", flush=True)

    return run_until_stopped(work)


@app.command()
def stop(directory: DirectoryOption = "") -> int:
    """Stop it cleanly, whoever started it."""

    from streaming.broker.embedded import end_leftover

    ended = end_leftover(BrokerFiles(directory_of(directory)), number=signal.SIGTERM)
    print("broker: stopped" if ended else "broker: was not running")
    return EXIT_DONE


@app.command()
def status(directory: DirectoryOption = "") -> int:
    """Print whether it runs; exit code 0 if so, else 3."""

    from streaming.broker.embedded import read_bootstrap
    from streaming.broker.process import is_running

    files = BrokerFiles(directory_of(directory))
    pid = read_pid(files.pid)
    if pid is None or not is_running(pid, marker=str(files.properties)):
        print("broker: not running")
        return EXIT_NOT_RUNNING
    bootstrap = read_bootstrap(files.directory)
    print(f"broker: running pid={pid} " + (f"bootstrap={bootstrap}" if bootstrap else "(not ready yet)"))
    return EXIT_DONE


def directory_of(option: str) -> Path:
    """Return the broker's folder: the option's, else the settings'. Raises: SettingError."""
    return Path(option or Settings.from_environ(os.environ).broker_dir).resolve()


def _serve(broker: EmbeddedBroker, stopping: threading.Event) -> int:
    started = time.monotonic()
    broker.start()
    broker.wait_ready()
    seconds = time.monotonic() - started
    print(f"broker: ready bootstrap={broker.bootstrap} pid={broker.pid} seconds={seconds:.1f}", flush=True)
    while not stopping.is_set():
        code = broker.wait(POLL_SECONDS)
        if code is not None and code not in CLEAN_EXIT_CODES:
            raise BrokerError(
                f"the broker ended by itself (exit code {code}); its records are kept; log: {broker.log_path}"
            )
        if code is not None:
            break
    return EXIT_DONE


if __name__ == "__main__":
    end_process(main())
