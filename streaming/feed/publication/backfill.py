"""Backfill: windows of the past as fast as possible, from one process for each group of assets."""

import logging
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from lakehouse.process.kafka_settings import KafkaSettings
from lakehouse.process.stopping import StopRequestedError
from lakehouse.time_range import HOUR_US
from streaming.errors import StreamingError
from streaming.feed.market import ASSETS
from streaming.feed.publication.progress import Progress
from streaming.feed.schedule import MIN_RATE, density_for_rate
from streaming.feed.stream import FEED_TOPICS, Feed, messages_between
from streaming.kafka.messages import Message
from streaming.kafka.producer import Publisher, open_publisher

WINDOW_US = 6 * HOUR_US
_MESSAGES_BETWEEN_REPORTS = 1_000
_DENSITY_MARGIN = 1.5


class FeedWorkerError(StreamingError):
    """A process of the feed that ended before its work did."""


@dataclass(frozen=True, slots=True)
class Target:
    """Cluster of a publication, and the event that requests its end."""

    kafka: KafkaSettings
    stopping: threading.Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Work of one process: a feed's messages in [start, end), or ``n_messages`` evenly selected ones."""

    feed: Feed
    start_us: int
    end_us: int
    n_messages: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """Progress of a process: all before ``until_us`` is on the broker; it has reached ``reached_us``."""

    worker: int
    n_messages: int
    until_us: int
    reached_us: int
    problem: str = ""


def split_task(task: Task, n_workers: int) -> list[Task]:
    """Return one task for each process. A symbol belongs to one of them, so that its messages keep their order."""
    symbols = [symbol for symbol in ASSETS if symbol in task.feed.symbols]
    n_tasks = max(1, min(n_workers, len(symbols)))
    tasks = []
    for number in range(n_tasks):
        feed = replace(task.feed, symbols=frozenset(symbols[number::n_tasks]))
        n_messages = None if task.n_messages is None else (task.n_messages + number) // n_tasks
        tasks.append(replace(task, feed=feed, n_messages=n_messages))
    return tasks


def publish_past(
    task: Task,
    target: Target,
    progress: Progress,
    *,
    n_workers: int,
    on_published: Callable[[int], None],
) -> int:
    """Publish a task and return the number of messages acknowledged.

    ``on_published`` is called with each new instant before which everything is on the broker.
    Raises: FeedWorkerError, StopRequestedError.
    """
    tasks = split_task(task, n_workers)
    context = multiprocessing.get_context("spawn")
    reports: Any = context.Queue()
    workers = [
        context.Process(
            target=_work, args=(number, part, target.kafka.for_kafka_python(), reports), daemon=True
        )
        for number, part in enumerate(tasks)
    ]
    for worker in workers:
        worker.start()
    try:
        return _follow(task, workers, reports, progress, on_published, target.stopping)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join(timeout=5)


def messages_of(task: Task) -> Iterator[tuple[int, list[Message]]]:
    """Yield the messages of a task, window by window, each with the window's end."""
    n_selected = 0
    for start_us in range(task.start_us, task.end_us, WINDOW_US):
        end_us = min(start_us + WINDOW_US, task.end_us)
        if task.n_messages is None:
            yield end_us, messages_between(task.feed, start_us=start_us, end_us=end_us)
            continue
        share = (end_us - task.start_us) / (task.end_us - task.start_us)
        selected = select_evenly(
            task.feed, start_us=start_us, end_us=end_us, n=round(task.n_messages * share) - n_selected
        )
        n_selected += len(selected)
        yield end_us, selected


def select_evenly(feed: Feed, *, start_us: int, end_us: int, n: int) -> list[Message]:
    """Return exactly ``n`` messages of a window, evenly selected from a schedule that is dense enough."""
    messages = messages_between(feed, start_us=start_us, end_us=end_us)
    rate = max(MIN_RATE, _DENSITY_MARGIN * n / ((end_us - start_us) / 1e6) * len(ASSETS) / len(feed.symbols))
    while len(messages) < n:
        dense = replace(feed, live=density_for_rate(rate, frozenset(ASSETS)), live_from_us=0)
        messages = messages_between(dense, start_us=start_us, end_us=end_us)
        rate *= 2
    return [messages[index * len(messages) // n] for index in range(n)]


def _follow(
    task: Task,
    workers: list[Any],
    reports: Any,
    progress: Progress,
    on_published: Callable[[int], None],
    stopping: threading.Event,
) -> int:
    start = task.start_us
    last = {n: _Report(worker=n, n_messages=0, until_us=start, reached_us=start) for n in range(len(workers))}
    until_us = start
    while until_us < task.end_us:
        if stopping.is_set():
            raise StopRequestedError
        _check_alive(workers, {n for n, report in last.items() if report.until_us < task.end_us})
        try:
            report = reports.get(timeout=0.5)
        except queue.Empty:
            continue
        if report.problem:
            progress.print(report.problem)
            continue
        last[report.worker] = report
        if min(report.until_us for report in last.values()) > until_us:
            until_us = min(report.until_us for report in last.values())
            on_published(until_us)
        done_us = sum(report.reached_us - start for report in last.values()) / len(last)
        progress.update(sum(r.n_messages for r in last.values()), share=done_us / (task.end_us - start))
    progress.n_messages = sum(report.n_messages for report in last.values())
    return progress.n_messages


def _check_alive(workers: list[Any], unfinished: set[int]) -> None:
    for number in unfinished:
        if workers[number].exitcode is not None:
            raise FeedWorkerError(f"a process of the feed ended early, with code {workers[number].exitcode}")


def _work(number: int, task: Task, client_config: dict[str, Any], reports: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    until_us = task.start_us

    def report(reached_us: int, problem: str = "") -> None:
        n_messages = publisher.n_acknowledged if publisher else 0
        reports.put(
            _Report(
                worker=number,
                n_messages=n_messages,
                until_us=until_us,
                reached_us=reached_us,
                problem=problem,
            )
        )

    publisher: Publisher | None = None
    publisher = open_publisher(
        client_config, FEED_TOPICS, report=lambda text: report(until_us, text), linger_ms=20
    )
    for end_us, messages in messages_of(task):
        for n_sent, message in enumerate(messages):
            publisher.send(message)
            if n_sent % _MESSAGES_BETWEEN_REPORTS == 0:
                report(until_us + (end_us - until_us) * n_sent // len(messages))
        publisher.flush()
        until_us = end_us
        report(end_us)
    publisher.close()


def _end_with_parent(parent: int) -> None:
    """End this process once its parent was killed."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
