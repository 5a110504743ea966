"""Live publication: windows of a few seconds, drawn ahead, each message published at its own moment."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from lakehouse.process.stopping import NEVER, pause
from streaming.feed.publication.backfill import select_evenly
from streaming.feed.publication.progress import Progress
from streaming.feed.stream import Feed, messages_between
from streaming.kafka.messages import Message
from streaming.kafka.producer import Publisher

WINDOW_US = 10_000_000
_MAX_SLEEP_SECONDS = 0.2

Window = tuple[int, list[Message]]


def publish_live(
    feed: Feed,
    publisher: Publisher,
    progress: Progress,
    *,
    start_us: int,
    on_published: Callable[[int], None],
    end_us: int | None = None,
    stopping: threading.Event = NEVER,
) -> None:
    """Publish the feed from ``start_us`` on, without an end or until ``end_us``; what is due is published at once.

    Raises: StopRequestedError.
    """
    windows = _ahead(lambda start, end: messages_between(feed, start_us=start, end_us=end), start_us, end_us)
    for until_us, messages in windows:
        for message in messages:
            _sleep_until(message.publish_us, stopping)
            publisher.send(message)
            publisher.poll()
            progress.update(publisher.n_acknowledged, note=_note(publisher))
        _sleep_until(until_us, stopping)
        publisher.flush()
        on_published(until_us)
        progress.update(publisher.n_acknowledged, note=_note(publisher))


def publish_steadily(
    feed: Feed,
    publisher: Publisher,
    progress: Progress,
    *,
    rate: float,
    n_messages: int,
    start_us: int,
    stopping: threading.Event = NEVER,
) -> None:
    """Publish exactly ``n_messages``, evenly at ``rate`` a second: a load with a known pace."""
    window_us = max(1_000_000, round(1e6 / rate))
    end_us = start_us + round(n_messages / rate * 1e6)

    def select(window_start_us: int, window_end_us: int) -> list[Message]:
        before, after = (round((at - start_us) / 1e6 * rate) for at in (window_start_us, window_end_us))
        selected = select_evenly(feed, start_us=window_start_us, end_us=window_end_us, n=after - before)
        return [
            replace(message, publish_us=start_us + round((before + number) / rate * 1e6))
            for number, message in enumerate(selected)
        ]

    for _, messages in _ahead(select, start_us, end_us, window_us=window_us):
        for message in messages:
            _sleep_until(message.publish_us, stopping)
            publisher.send(message)
            publisher.poll()
            progress.update(publisher.n_acknowledged, share=publisher.n_acknowledged / n_messages)
    publisher.flush()
    progress.n_messages = publisher.n_acknowledged


def _ahead(
    draw: Callable[[int, int], list[Message]],
    start_us: int,
    end_us: int | None,
    *,
    window_us: int = WINDOW_US,
) -> Iterator[Window]:
    """Yield windows one after the other, each drawn while the one before it is published."""
    with ThreadPoolExecutor(max_workers=1) as ahead:
        at_us, next_us = start_us, _window_end(start_us, end_us, window_us)
        drawn = ahead.submit(draw, at_us, next_us)
        while end_us is None or at_us < end_us:
            messages, until_us = drawn.result(), next_us
            at_us, next_us = until_us, _window_end(until_us, end_us, window_us)
            drawn = ahead.submit(draw, at_us, next_us)
            yield until_us, messages


def _window_end(start_us: int, end_us: int | None, window_us: int) -> int:
    """Return a multiple of the window's width; one in the past reaches to the present, without a wait."""
    late_us = round(time.time() * 1e6) - start_us
    following_us = (start_us // window_us + 1) * window_us if late_us < window_us else start_us + late_us
    return following_us if end_us is None else min(following_us, end_us)


def _note(publisher: Publisher) -> str:
    n_pending = publisher.n_pending
    return f"({n_pending:,} wait for the broker)" if n_pending > 1_000 else ""


def _sleep_until(time_us: int, stopping: threading.Event) -> None:
    while (remaining_seconds := time_us / 1e6 - time.time()) > 0:
        pause(stopping, min(remaining_seconds, _MAX_SLEEP_SECONDS))
