"""A call gives up after its time, and otherwise says what the call said."""

import threading

import pytest

from streaming.kafka.bounded_call import call_within


def test_answer_is_passed_on() -> None:
    assert call_within(5.0, lambda: 7) == 7


def test_none_is_an_answer() -> None:
    assert call_within(5.0, lambda: None) is None


def test_error_is_raised_in_the_callers_thread() -> None:
    def fail() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        call_within(5.0, fail)


def test_call_that_never_ends_is_given_up() -> None:
    never = threading.Event()

    with pytest.raises(TimeoutError, match=r"within 0\.05 s"):
        call_within(0.05, never.wait)

    never.set()
