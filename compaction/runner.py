"""Runs of commands that may change a lake: one at a time, recorded in the lake, counted, and repeated on request."""

import logging
import threading
import time
from collections.abc import Callable

from compaction import metrics
from compaction.reports import Report
from compaction.service import TableService
from lakehouse.errors import LakeNotFoundError, LockedError
from lakehouse.maintenance.lock import held_lock
from lakehouse.maintenance.runs import begin_run, end_interrupted_runs, end_run
from lakehouse.process.commands import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED
from lakehouse.process.metrics import serve_metrics
from lakehouse.process.stopping import run_until_stopped

logger = logging.getLogger(__name__)
_MAX_ERROR_CHARACTERS = 1_000


def run_recorded(service: TableService, command: str, work: Callable[[], Report]) -> Report:
    """Work under the lake's lock and record the run with its end, its figures or its error.

    Runs before it that were killed get their end recorded, as interrupted.
    Raises LakeNotFoundError, having created nothing, before the first build; LockedError where another run is at work.
    """
    location = service.lake.location
    service.lake.current_build(refresh=True)
    with held_lock(service.lock, command=command):
        end_interrupted_runs(location, exit_code=EXIT_INTERRUPTED)
        run = begin_run(location, command=command)
        start = time.monotonic()
        try:
            report = work()
        except Exception as error:
            text = f"{type(error).__name__}: {error}"[:_MAX_ERROR_CHARACTERS]
            end_run(location, run, exit_code=EXIT_FAILED, error=text)
            metrics.RUNS.labels("failed").inc()
            raise
        end_run(location, run, exit_code=EXIT_DONE, figures=report.figures)
    metrics.RUNS.labels("done").inc()
    metrics.RUN_SECONDS.labels(command).observe(time.monotonic() - start)
    for figure, number in report.figures.items():
        metrics.FIGURES.labels(figure).inc(number)
    return report


def repeat(service: TableService, run_once: Callable[[], object], *, every_seconds: float) -> int:
    """Run until a signal asks to stop, and serve metrics meanwhile.

    A lake that does not exist yet, a run of another and a run that fails are logged; the next run comes as usual.
    """
    serve_metrics("compaction", service.metrics_addresses)

    def work(stopping: threading.Event) -> int:
        while True:
            try:
                run_once()
            except LakeNotFoundError as error:
                logger.info("nothing to do yet: %s", error)
            except LockedError as error:
                metrics.RUNS.labels("locked").inc()
                logger.info("another run is at work: %s", error.holder)
            except Exception:
                logger.exception("the run failed; the next is due in %g s", every_seconds)
            if stopping.wait(every_seconds):
                return EXIT_DONE

    return run_until_stopped(work)
