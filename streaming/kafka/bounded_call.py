"""A call that gives up: for a client library that can wait for ever on a broker that is gone."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class _Outcome(Generic[Answer]):
    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.errors: list[Exception] = []


def call_within(seconds: float, call: Callable[[], Answer]) -> Answer:
    """What the call returns or raises. Raises TimeoutError after so long; the call is then left to a daemon thread."""
    outcome: _Outcome[Answer] = _Outcome()

    def run() -> None:
        try:
            outcome.answers.append(call())
        except Exception as error:  # noqa: BLE001  raised again in the caller's thread
            outcome.errors.append(error)

    thread = threading.Thread(target=run, name="bounded-call", daemon=True)
    thread.start()
    thread.join(seconds)
    if outcome.errors:
        raise outcome.errors[0]
    if not outcome.answers:
        raise TimeoutError(f"no answer within {seconds:g} s")
    return outcome.answers[0]
