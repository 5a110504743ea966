"""Pace of a burst, by a clock that only its pauses move."""

import io
from types import SimpleNamespace

import pytest

from streaming.feed.publication import live
from streaming.feed.publication.live import publish_steadily
from streaming.feed.publication.progress import Progress
from streaming.feed.stream import Feed
from streaming.kafka.messages import Message

NOON_US = 1_772_366_400_000_000


class Clock:
    """Wall clock that stands still between pauses."""

    def __init__(self, now_us: int) -> None:
        self.now_us = now_us

    def time(self) -> float:
        return self.now_us / 1e6

    def pause(self, _: object, seconds: float) -> None:
        assert seconds > 0
        self.now_us += max(1, round(seconds * 1e6))


class RecordedPublisher:
    """Publisher that notes each message with the instant at which it was sent."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.sent: list[tuple[int, Message]] = []
        self.n_flushes = 0

    @property
    def n_acknowledged(self) -> int:
        return len(self.sent)

    def send(self, message: Message) -> None:
        self.sent.append((self._clock.now_us, message))

    def poll(self) -> None:
        pass

    def flush(self) -> None:
        self.n_flushes += 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(NOON_US)
    monkeypatch.setattr(live, "time", SimpleNamespace(time=clock.time))
    monkeypatch.setattr(live, "pause", clock.pause)
    return clock


@pytest.mark.parametrize(
    ("rate", "n_messages"),
    [(200.0, 600), (200.0, 1), (1.0, 3), (0.5, 4), (7.0, 100), (333.0, 1_000), (2_500.0, 2_000)],
)
def test_a_burst_is_published_evenly_at_its_rate(clock: Clock, rate: float, n_messages: int) -> None:
    publisher = RecordedPublisher(clock)
    progress = Progress("burst", stream=io.StringIO())

    publish_steadily(
        Feed(seed=7, symbols=frozenset(("btc", "eth"))),
        publisher,  # type: ignore[arg-type]
        progress,
        rate=rate,
        n_messages=n_messages,
        start_us=NOON_US,
    )

    assert len(publisher.sent) == n_messages
    assert len({message.value for _, message in publisher.sent}) == n_messages
    due_us = [NOON_US + round(at / rate * 1e6) for at in range(n_messages)]
    # A float of seconds holds this instant to a quarter of a microsecond.
    assert all(abs(at_us - due) <= 2 for (at_us, _), due in zip(publisher.sent, due_us, strict=True))
    assert publisher.n_flushes == 1
    assert progress.n_messages == n_messages
