"""Retries while a broker or its topics are not there yet."""

from collections.abc import Callable
from threading import Event

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential

from lakehouse.process.stopping import pause

MAX_BACKOFF_SECONDS = 15.0


def retry_until_stopped(*errors: type[Exception], report: Callable[[str], None], stopping: Event) -> Retrying:
    """Return a retrying that waits 1, 2, 4, 8, 15, 15, ... seconds, and reports each error in a line.

    Its waits raise StopRequestedError as soon as the program is asked to stop.
    """

    def report_error(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        report(f"{error}; trying again in {state.upcoming_sleep:.0f} s")

    return Retrying(
        retry=retry_if_exception_type(errors),
        wait=wait_exponential(max=MAX_BACKOFF_SECONDS),
        sleep=lambda seconds: pause(stopping, seconds),
        before_sleep=report_error,
        reraise=True,
    )
