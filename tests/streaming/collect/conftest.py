"""Fixtures of the collectors' tests: a scripted server, a clock that a test sets, and a news collector."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streaming.collect.context import Context
from streaming.collect.feeds.fetch import Fetcher
from streaming.collect.feeds.news import NewsCollector
from streaming.collect.network.exchange import Network
from streaming.collect.sink import Printer, Sink
from streaming.collect.source import NewsSource
from streaming.collect.state import StateStore
from tests.support.scripted_server import ScriptedServer

NOON_US = 1_795_608_000_000_000  # 2026-11-25T12:00:00Z


class SetClock:
    """A clock that a test sets, and that a sleep moves on. Time that has elapsed moves by sleeps alone."""

    def __init__(self) -> None:
        self.at_us = NOON_US
        self._slept_us = 0
        self.slept_seconds: list[float] = []

    def now_us(self) -> int:
        return self.at_us

    def elapsed_us(self) -> int:
        return self._slept_us

    def sleep(self, seconds: float) -> bool:
        self.slept_seconds.append(seconds)
        self._slept_us += round(seconds * 1e6)
        self.at_us += round(seconds * 1e6)
        return False


class Written:
    """A terminal's sink, and the messages that were written to it."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self.sink = Printer(self._stream)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.messages]


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def server(clock: SetClock) -> Iterator[ScriptedServer]:
    """Listen with the clock of the test, so that both agree unless a test says otherwise."""
    with ScriptedServer(lambda: clock.at_us / 1e6) as server:
        yield server


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.fixture(scope="session")
def network() -> Network:
    return Network()


@pytest.fixture
def fetcher(network: Network, clock: SetClock) -> Fetcher:
    return Fetcher(network, clock)


@pytest.fixture
def make_news(
    fetcher: Fetcher, clock: SetClock, written: Written, tmp_path: Path
) -> Callable[..., NewsCollector]:
    """Return a maker of news collectors; each call is a restart on the same state."""

    def make(url: str, *, sink: Sink = written.sink, **settings: Any) -> NewsCollector:
        source = NewsSource(source="gazette", url=url, poll_seconds=60, timeout_seconds=5, **settings)
        context = Context(clock=clock, sink=sink, store=StateStore(tmp_path))
        return NewsCollector(source, fetcher=fetcher, context=context)

    return make
