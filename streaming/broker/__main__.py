"""The embedded broker as a command: one process to start, ask and stop.

python -m streaming.broker start  --dir .runtime/broker [--port 9092] [--topics]
python -m streaming.broker status --dir .runtime/broker
python -m streaming.broker stop   --dir .runtime/broker
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from streaming.broker.config import BrokerFiles
from streaming.broker.embedded import (
    DEFAULT_DIRECTORY,
    WEEK_HOURS,
    EmbeddedBroker,
    end_leftover,
    read_bootstrap,
    read_pid,
)
from streaming.broker.process import is_running
from streaming.errors import BrokerError, StreamingError
from streaming.kafka.topics import PROJECT_TOPICS

NOT_RUNNING_CODE = 3
# A JVM that was asked to end by SIGTERM says 143.
CLEAN_EXIT_CODES = (0, 128 + signal.SIGTERM, -signal.SIGTERM)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    logging.basicConfig(level=logging.WARNING, format="broker: %(levelname)s %(message)s")
    try:
        return {"start": _run_start, "stop": _run_stop, "status": _run_status}[options.command](options)
    except StreamingError as error:
        print(f"broker: {error}", file=sys.stderr)
        return 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m streaming.broker", description="The embedded Kafka broker."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, help_ in (
        ("start", "run it in the foreground until Ctrl-C"),
        ("stop", "stop it cleanly, whoever started it"),
        ("status", "say whether it runs; exit code 0 if so, else 3"),
    ):
        command = commands.add_parser(name, help=help_, description=help_)
        command.add_argument("--dir", type=Path, default=DEFAULT_DIRECTORY, help="where it keeps everything")
        if name == "start":
            command.add_argument(
                "--port", type=int, help="wished port (the last one, else 9092, else any free one)"
            )
            command.add_argument("--retention-hours", type=float, default=WEEK_HOURS, help="default: a week")
            command.add_argument(
                "--topics", action="store_true", help="create the project's topics before it is ready"
            )
            command.add_argument(
                "--partitions", type=int, default=2, help="partitions of a new topic (default 2)"
            )
    return parser.parse_args(arguments)


def _run_start(options: argparse.Namespace) -> int:
    broker = EmbeddedBroker(
        options.dir,
        options.port,
        retention_hours=options.retention_hours,
        n_default_partitions=options.partitions,
        topics=PROJECT_TOPICS if options.topics else (),
    )
    _take_signals_as_interrupt()
    try:
        started = time.monotonic()
        broker.start()
        broker.wait_ready()
        seconds = time.monotonic() - started
        print(
            f"broker: ready bootstrap={broker.bootstrap} pid={broker.pid} seconds={seconds:.1f}", flush=True
        )
        code = broker.wait()
        if code not in CLEAN_EXIT_CODES:
            log = BrokerFiles(options.dir).log
            raise BrokerError(
                f"the broker ended by itself (exit code {code}); its records are kept; log: {log}"
            )
    except KeyboardInterrupt:
        pass
    finally:
        _ignore_signals()
        broker.stop()
    print("broker: stopped", flush=True)
    return 0


def _run_stop(options: argparse.Namespace) -> int:
    files = BrokerFiles(options.dir.resolve())
    print("broker: stopped" if end_leftover(files, number=signal.SIGTERM) else "broker: was not running")
    return 0


def _run_status(options: argparse.Namespace) -> int:
    files = BrokerFiles(options.dir.resolve())
    pid = read_pid(files.pid)
    if pid is None or not is_running(pid, marker=str(files.properties)):
        print("broker: not running")
        return NOT_RUNNING_CODE
    bootstrap = read_bootstrap(options.dir)
    print(f"broker: running pid={pid} " + (f"bootstrap={bootstrap}" if bootstrap else "(not ready yet)"))
    return 0


def _take_signals_as_interrupt() -> None:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
