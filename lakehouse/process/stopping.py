"""The request to stop a program: an event that SIGINT and SIGTERM set, and that every wait of the program takes."""

import atexit
import contextlib
import logging
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, Final, NoReturn, TypeVar

from lakehouse.process.commands import EXIT_DONE

GRACE_SECONDS: Final = 12.0
"""Time for the work to end once a stop is requested; afterwards the process ends where it stands."""
SAME_REQUEST_SECONDS: Final = 1.0
"""A supervisor that signals the process and then its group (GNU timeout does) makes one request, not two."""
NEVER: Final = threading.Event()
"""For callers that nothing asks to stop: no one sets it."""
_POLL_SECONDS: Final = 0.05

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class StopRequestedError(Exception):
    """A wait ended early because the program was asked to stop."""


def run_until_stopped(
    work: Callable[[threading.Event], int],
    *,
    grace_seconds: float = GRACE_SECONDS,
    clean_up: Callable[[], None] = lambda: None,
) -> int:
    """Return the exit code of `work`, or EXIT_DONE once SIGINT, SIGTERM or SIGHUP has asked to stop.

    `work` runs in a thread of its own and gets the event that the signals set. After that nothing counts but its end:
    what it raises is logged at DEBUG, and a call that does not return (a storage or a Spark master that is gone) is
    left after `grace_seconds`, when the process ends. A second signal ends the process at once, with 128 plus its
    number. Without a signal, what `work` raises is raised here. `clean_up` is called after a signal, once the work has
    ended or was left.
    """
    request = StopRequest()
    request.heed_signals()
    outcome, thread = _run_in_thread(lambda: work(request.stopping))
    while not request.was_signalled and not _is_done(outcome, within_seconds=_POLL_SECONDS):
        pass
    if not request.was_signalled:
        thread.join(grace_seconds)
        return outcome.result()
    has_ended = _is_done(outcome, within_seconds=grace_seconds)
    clean_up()
    if not has_ended:
        logger.warning("left unfinished: no end within %.0f s of the request to stop", grace_seconds)
        end_now(EXIT_DONE)
    thread.join(grace_seconds)
    if error := outcome.exception():
        logger.debug("ended after the request to stop", exc_info=error)
    return EXIT_DONE


class StopRequest:
    """The event that signals set, and whether one of them came."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.was_signalled = False
        self._first_time = 0.0

    def heed_signals(self) -> None:
        """Install the handlers. Called once, in the main thread."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores it
                signal.signal(number, self._request)

    def _request(self, number: int, _: object) -> None:
        now = time.monotonic()
        if self.was_signalled and now - self._first_time > SAME_REQUEST_SECONDS:
            end_now(128 + number)
        if not self.was_signalled:
            self.was_signalled, self._first_time = True, now
        self.stopping.set()


def pause(stopping: threading.Event, seconds: float) -> None:
    """Wait. Raises: StopRequestedError as soon as the program is asked to stop."""
    if stopping.wait(seconds):
        raise StopRequestedError


def call_until_stopped(
    call: Callable[[], Answer],
    stopping: threading.Event,
    *,
    timeout_seconds: float = math.inf,
    grace_seconds: float = 0.0,
) -> Answer:
    """Return what a call returns or raises that can block for ever; it is left to a daemon thread where it does.

    Raises: TimeoutError after `timeout_seconds`; StopRequestedError once the program was asked to stop and
    `grace_seconds` more have passed.
    """
    deadline = time.monotonic() + timeout_seconds
    outcome, _ = _run_in_thread(call)
    while not _is_done(outcome, within_seconds=min(_POLL_SECONDS, max(0.0, deadline - time.monotonic()))):
        if stopping.is_set():
            if _is_done(outcome, within_seconds=min(grace_seconds, max(0.0, deadline - time.monotonic()))):
                break
            raise StopRequestedError
        if time.monotonic() >= deadline:
            raise TimeoutError(f"no answer within {timeout_seconds:g} s")
    return outcome.result()


def end_process(code: int) -> NoReturn:
    """Exit, without the interpreter's finalization where threads still run in the background."""
    if any(thread.daemon for thread in threading.enumerate()):
        end_without_finalization(code)
    sys.exit(code)


def end_without_finalization(code: int) -> NoReturn:
    """Run the exit functions, and end the process.

    Frames of threads, caches and cycles keep DuckDB's objects alive, which nanobind then reports as leaks, and what
    threads do while modules are cleared ends in "Exception ignored" lines.
    """
    atexit._run_exitfuncs()
    end_now(code)


def end_now(code: int) -> NoReturn:
    """End the process without waiting for its threads. What it printed is flushed."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # nobody reads it any more
            stream.flush()
    os._exit(code)


def _run_in_thread(call: Callable[[], Answer]) -> "tuple[Future[Answer], threading.Thread]":
    """Start a call in a daemon thread; return its outcome, and the thread.

    A thread goes on after its outcome is set: it frees its thread-local DuckDB connections, which aborts the process
    (SIGABRT) where the interpreter is finalized meanwhile. Join it before that.
    """
    outcome: Future[Answer] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
            outcome.set_exception(error)

    thread = threading.Thread(target=run, name="work", daemon=True)
    thread.start()
    return outcome, thread


def _is_done(outcome: "Future[Any]", *, within_seconds: float) -> bool:
    return bool(wait([outcome], timeout=within_seconds).done)
