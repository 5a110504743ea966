"""The follower's thread goes on after whatever a client or a message raises."""

import threading
from pathlib import Path
from typing import Any

import pytest
from kafka.errors import UnsupportedCodecError

from api.tail import follower as follower_module
from api.tail.follower import Follower
from lakehouse import lake
from lakehouse.tail.store import KAFKA, STARTING, Tail

RAISED = (
    UnsupportedCodecError("snappy"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    RecursionError("nested"),
    NotImplementedError("codec"),
    OverflowError("int"),
    KeyError("headers"),
)


def test_thread_goes_on_after_any_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower_module, "REST_SECONDS", 0.0)
    monkeypatch.setattr(follower_module, "RETRY_SECONDS", 0.0)
    tail, raised, states = Tail(max_messages=10), iter(RAISED), []
    all_raised = threading.Event()

    def connect(_: Follower) -> Any:
        states.append(tail.state)
        error = next(raised, None)
        if error is None:
            all_raised.set()
            raise OSError("no more")
        raise error

    monkeypatch.setattr(Follower, "_connect", connect)
    follower = Follower(lake.open(str(tmp_path)), tail, {}, max_messages=10)
    follower.start()
    reached = all_raised.wait(30)
    follower.close()

    assert reached
    assert states[: len(RAISED) + 1] == [STARTING, KAFKA, *[STARTING] * (len(RAISED) - 1)]
