"""The feed's command line: python -m streaming.feed {backfill,live,run,burst}."""

import logging
import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from lakehouse.errors import LakehouseError
from lakehouse.process.commands import EXIT_DONE, EXIT_FAILED, print_error
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import StopRequestedError, end_process, run_until_stopped
from streaming.broker.cluster import find_cluster, wait_topic_ids
from streaming.errors import StreamingError
from streaming.feed.backfill import Target, Task, publish_past
from streaming.feed.cli import Options, parse_options
from streaming.feed.live import publish_live, publish_steadily
from streaming.feed.progress import Progress
from streaming.feed.schedule import density_for_rate
from streaming.feed.state import FeedState, read_state, resume_us, write_state
from streaming.feed.stream import FEED_TOPICS, Feed
from streaming.kafka.producer import Publisher, open_publisher

_DAY_US = 86_400_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_options(arguments)
    logging.basicConfig(level=logging.WARNING, format="feed: %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        settings = Settings.from_environ(os.environ)
        return run_until_stopped(lambda stopping: _publish(options, settings, stopping))
    except (StreamingError, LakehouseError) as error:
        print_error("feed", error)
        return EXIT_FAILED


def _publish(options: Options, settings: Settings, stopping: threading.Event) -> int:
    kafka = find_cluster(settings, options.bootstrap, report=_report, stopping=stopping)
    try:
        _COMMANDS[options.command](options, Target(kafka, stopping))
    except StopRequestedError:
        _report("stopped")
    return EXIT_DONE


def _backfill(options: Options, target: Target) -> None:
    _publish_days(options, target, now_us=_now_us())


def _live(options: Options, target: Target) -> None:
    _publish_on(options, target, start_us=_now_us(), state=None)


def _run(options: Options, target: Target) -> None:
    state = _publish_days(options, target, now_us=_now_us())
    _publish_on(options, target, start_us=state.until_us, state=state)


def _burst(options: Options, target: Target) -> None:
    now_us = _now_us()
    assert options.n_messages is not None
    progress = Progress("burst")
    progress.say(f"burst of {options.n_messages:,} messages, seed {options.seed}")
    feed = _to_feed(options)
    if options.rate is None:
        start_us = now_us - round(options.days * _DAY_US)
        task = Task(feed=feed, start_us=start_us, end_us=now_us, n_messages=options.n_messages)
        publish_past(task, target, progress, n_workers=options.n_workers, on_published=lambda _: None)
    else:
        publisher = _open(target, progress)
        try:
            publish_steadily(
                feed,
                publisher,
                progress,
                rate=options.rate,
                n_messages=options.n_messages,
                start_us=_now_us(),
                stopping=target.stopping,
            )
        finally:
            publisher.close()
    progress.finish()


def _publish_days(options: Options, target: Target, *, now_us: int) -> FeedState:
    """The backfill, from where the state file says that it is needed."""
    progress = Progress("backfill")
    wanted = FeedState(
        seed=options.seed,
        link=options.link,
        symbols=tuple(sorted(options.symbols)),
        topic_ids=_topic_ids(target, progress) if options.state else (),
        from_us=now_us - round(options.days * _DAY_US),
        until_us=now_us,
    )
    known = read_state(options.state)
    start_us = resume_us(known, wanted)
    from_us = known.from_us if known is not None and start_us > wanted.from_us else wanted.from_us
    if start_us > wanted.from_us:
        progress.say(f"the first {(start_us - wanted.from_us) / _DAY_US:.2f} days are published already")

    def save(until_us: int) -> None:
        write_state(options.state, _until(wanted, until_us, from_us=from_us))

    feed = _to_feed(options)
    task = Task(feed=feed, start_us=start_us, end_us=now_us)
    publish_past(task, target, progress, n_workers=options.n_workers, on_published=save)
    progress.finish()
    return _until(wanted, now_us, from_us=from_us)


def _publish_on(options: Options, target: Target, *, start_us: int, state: FeedState | None) -> None:
    assert options.rate is not None
    progress = Progress("live")
    live = density_for_rate(options.rate, options.symbols)
    feed = replace(_to_feed(options), live=live, live_from_us=start_us)
    publisher = _open(target, progress)
    end_us = None if options.seconds is None else _now_us() + round(options.seconds * 1e6)

    def save(until_us: int) -> None:
        if state is not None:
            write_state(options.state, _until(state, until_us, from_us=state.from_us))

    try:
        publish_live(
            feed,
            publisher,
            progress,
            start_us=start_us,
            on_published=save,
            end_us=end_us,
            stopping=target.stopping,
        )
    finally:
        publisher.close()
    progress.finish()


def _to_feed(options: Options) -> Feed:
    return Feed(seed=options.seed, symbols=options.symbols, dose=options.dose, link=options.link)


def _open(target: Target, progress: Progress) -> Publisher:
    return open_publisher(
        target.kafka.for_kafka_python(), FEED_TOPICS, report=progress.say, stopping=target.stopping
    )


def _until(state: FeedState, until_us: int, *, from_us: int) -> FeedState:
    return replace(state, from_us=from_us, until_us=until_us)


def _topic_ids(target: Target, progress: Progress) -> tuple[str, ...]:
    ids = wait_topic_ids(target.kafka, FEED_TOPICS, report=progress.say, stopping=target.stopping)
    return tuple(ids[topic] for topic in sorted(ids))


def _report(text: str) -> None:
    print(f"feed: {text}", file=sys.stderr, flush=True)


def _now_us() -> int:
    return time.time_ns() // 1_000


_COMMANDS = {"backfill": _backfill, "live": _live, "run": _run, "burst": _burst}

if __name__ == "__main__":
    end_process(main())
