"""Command line of the table service: `python -m compaction --help` teaches it."""

import json
import logging
import os
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from compaction import metrics
from compaction.command_line import EXIT_DONE, EXIT_FAILED, EXIT_LOCKED, to_parser
from compaction.outcome import Outcome
from compaction.service import COMMANDS, READ_ONLY, to_gained
from compaction.version_retention import assert_retention
from lakehouse.errors import LakehouseError, LakeNotFoundError, LockedError
from lakehouse.lake import Lake
from lakehouse.maintenance.lock import held_lock, lock_path
from lakehouse.maintenance.runs import begin_run, end_run
from lakehouse.process.log_lines import configure_logging
from lakehouse.process.metrics import serve_metrics
from lakehouse.process.retention import Retention
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import end_process, run_until_stopped

logger = logging.getLogger("compaction")


def main(arguments: Sequence[str] | None = None) -> int:
    options = to_parser().parse_args(arguments)
    try:
        settings = Settings.from_environ(os.environ)
        configure_logging(settings, sys.stderr)
        settings = settings.with_lake(options.lake or "")
        lake = Lake(settings.lake_location())
        options.kafka = settings.kafka.for_kafka_python()
        options.retention = _retention(settings, options)
        if "retention_hours" in options:
            assert_retention(options.retention_hours, is_forced=getattr(options, "force", False))
        lock = lock_path(lake.location, Path(settings.runtime_dir))
        every_seconds = getattr(options, "every", None)
        if every_seconds is None:
            return _once(lake, options, lock)
        serve_metrics("compaction", settings.metrics_addresses())
        return run_until_stopped(
            lambda stopping: _repeat(lake, options, lock, every_seconds=every_seconds, stopping=stopping)
        )
    except LockedError as error:
        logger.warning("nothing was done: %s", error)
        return EXIT_LOCKED
    except LakehouseError as error:
        logger.error("%s", error)
        return EXIT_FAILED


def _retention(settings: Settings, options: Namespace) -> Retention:
    keep = getattr(options, "keep", [])
    return Retention.parse(",".join(keep)) if keep else settings.retention_days()


def _once(lake: Lake, options: Namespace, lock: Path) -> int:
    """One command under the lock, recorded with how it ended. A lake that does not exist is not made by looking."""
    command = COMMANDS[options.command]
    lake.current_build(refresh=True)
    if options.command in READ_ONLY or getattr(options, "yes", None) is False:
        found = command(lake, options)
        _say(found, options)
        return found.exit_code
    with held_lock(lock, command=options.command):
        run = begin_run(lake.location, command=options.command)
        began = time.monotonic()
        try:
            outcome = command(lake, options)
        except Exception as error:
            end_run(
                lake.location, run, exit_code=EXIT_FAILED, error=f"{type(error).__name__}: {error}"[:1_000]
            )
            metrics.RUNS.labels("failed").inc()
            raise
        gained = to_gained(outcome.document)
        end_run(lake.location, run, exit_code=EXIT_DONE, gained=gained)
    metrics.RUNS.labels("done").inc()
    metrics.RUN_SECONDS.labels(options.command).observe(time.monotonic() - began)
    metrics.count_gain(gained)
    _say(outcome, options)
    return outcome.exit_code


def _say(outcome: Outcome, options: Namespace) -> None:
    if options.json:
        print(json.dumps(outcome.document), flush=True)
    else:
        for line in outcome.lines:
            print(line, flush=True)


def _repeat(
    lake: Lake, options: Namespace, lock: Path, *, every_seconds: float, stopping: threading.Event
) -> int:
    """Until a signal; a lake that does not exist yet is waited for, a run of another let by, and after one that failed,
    as its record says, comes the next."""
    while True:
        try:
            _once(lake, options, lock)
        except LakeNotFoundError as error:
            logger.info("nothing to do yet: %s", error)
        except LockedError as error:
            metrics.RUNS.labels("locked").inc()
            logger.info("left to %s", error.holder)
        except Exception:
            logger.exception("the run failed; the next is due in %g s", every_seconds)
        if stopping.wait(every_seconds):
            return EXIT_DONE


if __name__ == "__main__":
    end_process(main())
