"""Publication of a generated stream: the past at once, the present at its pace, or a burst of known size."""

import sys
import threading
import time
from contextlib import closing
from dataclasses import replace

from lakehouse.process.commands import EXIT_DONE
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import StopRequestedError
from lakehouse.time_range import DAY_US
from streaming.broker.cluster import find_cluster, wait_topic_ids
from streaming.feed.options import Options
from streaming.feed.publication.backfill import Target, Task, publish_past
from streaming.feed.publication.live import publish_live, publish_steadily
from streaming.feed.publication.progress import Progress
from streaming.feed.publication.state import FeedState, read_state, resume_us, write_state
from streaming.feed.schedule import density_for_rate
from streaming.feed.stream import FEED_TOPICS
from streaming.kafka.producer import Publisher, open_publisher


def publish(command: str, options: Options, settings: Settings, stopping: threading.Event) -> int:
    """Run one of the commands backfill, live, run and burst to its end, or until a stop is requested.

    Raises: StreamingError, SettingError; StopRequestedError before a cluster answers.
    """
    kafka = find_cluster(settings, options.bootstrap, report=_print, stopping=stopping)
    target = Target(kafka, stopping)
    try:
        if command == "burst":
            _publish_burst(options, target)
        elif command == "live":
            _publish_live(options, target, start_us=_now_us(), state=None)
        else:
            state = _publish_past(options, target, now_us=_now_us())
            if command == "run":
                _publish_live(options, target, start_us=state.until_us, state=state)
    except StopRequestedError:
        _print("stopped")
    return EXIT_DONE


def _publish_burst(options: Options, target: Target) -> None:
    now_us = _now_us()
    progress = Progress("burst")
    progress.print(f"burst of {options.n_messages:,} messages, seed {options.feed.seed}")
    if options.rate is None:
        start_us = now_us - round(options.days * DAY_US)
        task = Task(feed=options.feed, start_us=start_us, end_us=now_us, n_messages=options.n_messages)
        publish_past(task, target, progress, n_workers=options.n_workers, on_published=lambda _: None)
    else:
        with closing(_open(target, progress)) as publisher:
            publish_steadily(
                options.feed,
                publisher,
                progress,
                rate=options.rate,
                n_messages=options.n_messages,
                start_us=_now_us(),
                stopping=target.stopping,
            )
    progress.finish()


def _publish_past(options: Options, target: Target, *, now_us: int) -> FeedState:
    """Publish the backfill from where the state file ends, and return the new state."""
    progress = Progress("backfill")
    feed = options.feed
    topic_ids: tuple[str, ...] = ()
    if options.state_path:
        ids = wait_topic_ids(target.kafka, FEED_TOPICS, report=progress.print, stopping=target.stopping)
        topic_ids = tuple(ids[topic] for topic in sorted(ids))
    required = FeedState(
        seed=feed.seed,
        variant=feed.behaviour.variant,
        symbols=tuple(sorted(feed.symbols)),
        topic_ids=topic_ids,
        from_us=now_us - round(options.days * DAY_US),
        until_us=now_us,
    )
    stored = read_state(options.state_path)
    start_us = resume_us(stored, required)
    state = required
    if stored is not None and start_us > required.from_us:
        state = replace(required, from_us=stored.from_us)
        progress.print(f"the first {(start_us - required.from_us) / DAY_US:.2f} days are published already")

    def save(until_us: int) -> None:
        write_state(options.state_path, replace(state, until_us=until_us))

    task = Task(feed=feed, start_us=start_us, end_us=now_us)
    publish_past(task, target, progress, n_workers=options.n_workers, on_published=save)
    progress.finish()
    return state


def _publish_live(options: Options, target: Target, *, start_us: int, state: FeedState | None) -> None:
    assert options.rate is not None
    progress = Progress("live")
    live = density_for_rate(options.rate, options.feed.symbols)
    feed = replace(options.feed, live=live, live_from_us=start_us)
    end_us = None if options.seconds is None else _now_us() + round(options.seconds * 1e6)

    def save(until_us: int) -> None:
        if state is not None:
            write_state(options.state_path, replace(state, until_us=until_us))

    with closing(_open(target, progress)) as publisher:
        publish_live(
            feed,
            publisher,
            progress,
            start_us=start_us,
            on_published=save,
            end_us=end_us,
            stopping=target.stopping,
        )
    progress.finish()


def _open(target: Target, progress: Progress) -> Publisher:
    return open_publisher(
        target.kafka.for_kafka_python(), FEED_TOPICS, report=progress.print, stopping=target.stopping
    )


def _print(text: str) -> None:
    print(f"feed: {text}", file=sys.stderr, flush=True)


def _now_us() -> int:
    return time.time_ns() // 1_000
