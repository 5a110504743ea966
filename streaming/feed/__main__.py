"""The feed's command line: python -m streaming.feed {backfill,live,run,burst}."""

import logging
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from types import FrameType
from typing import Any

from streaming.broker.cluster import find_cluster, wait_topic_ids
from streaming.errors import StreamingError
from streaming.feed.backfill import Task, publish_past
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
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        config = find_cluster(options.bootstrap, say=_say)
        _COMMANDS[options.command](options, config)
    except StreamingError as error:
        print(f"feed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nfeed: stopped", file=sys.stderr)
        return 0
    return 0


def _backfill(options: Options, client_config: dict[str, Any]) -> None:
    _publish_days(options, client_config, now_us=_now_us())


def _live(options: Options, client_config: dict[str, Any]) -> None:
    _publish_on(options, client_config, start_us=_now_us(), state=None)


def _run(options: Options, client_config: dict[str, Any]) -> None:
    state = _publish_days(options, client_config, now_us=_now_us())
    _publish_on(options, client_config, start_us=state.until_us, state=state)


def _burst(options: Options, client_config: dict[str, Any]) -> None:
    now_us = _now_us()
    assert options.n_messages is not None
    progress = Progress("burst")
    progress.say(f"burst of {options.n_messages:,} messages, seed {options.seed}")
    feed = _to_feed(options)
    if options.rate is None:
        start_us = now_us - round(options.days * _DAY_US)
        task = Task(feed=feed, start_us=start_us, end_us=now_us, n_messages=options.n_messages)
        publish_past(task, client_config, progress, n_workers=options.n_workers, on_published=lambda _: None)
    else:
        publisher = _open(client_config, progress)
        try:
            publish_steadily(
                feed,
                publisher,
                progress,
                rate=options.rate,
                n_messages=options.n_messages,
                start_us=_now_us(),
            )
        finally:
            publisher.close()
    progress.finish()


def _publish_days(options: Options, client_config: dict[str, Any], *, now_us: int) -> FeedState:
    """The backfill, from where the state file says that it is needed."""
    progress = Progress("backfill")
    wanted = FeedState(
        seed=options.seed,
        link=options.link,
        symbols=tuple(sorted(options.symbols)),
        topic_ids=_topic_ids(client_config, progress) if options.state else (),
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
    publish_past(task, client_config, progress, n_workers=options.n_workers, on_published=save)
    progress.finish()
    return _until(wanted, now_us, from_us=from_us)


def _publish_on(
    options: Options, client_config: dict[str, Any], *, start_us: int, state: FeedState | None
) -> None:
    assert options.rate is not None
    progress = Progress("live")
    live = density_for_rate(options.rate, options.symbols)
    feed = replace(_to_feed(options), live=live, live_from_us=start_us)
    publisher = _open(client_config, progress)
    end_us = None if options.seconds is None else _now_us() + round(options.seconds * 1e6)

    def save(until_us: int) -> None:
        if state is not None:
            write_state(options.state, _until(state, until_us, from_us=state.from_us))

    try:
        publish_live(feed, publisher, progress, start_us=start_us, on_published=save, end_us=end_us)
    finally:
        publisher.close()
    progress.finish()


def _to_feed(options: Options) -> Feed:
    return Feed(seed=options.seed, symbols=options.symbols, dose=options.dose, link=options.link)


def _open(client_config: dict[str, Any], progress: Progress) -> Publisher:
    return open_publisher(client_config, FEED_TOPICS, say=progress.say)


def _until(state: FeedState, until_us: int, *, from_us: int) -> FeedState:
    return replace(state, from_us=from_us, until_us=until_us)


def _topic_ids(client_config: dict[str, Any], progress: Progress) -> tuple[str, ...]:
    ids = wait_topic_ids(client_config, FEED_TOPICS, say=progress.say)
    return tuple(ids[topic] for topic in sorted(ids))


def _say(text: str) -> None:
    print(f"feed: {text}", file=sys.stderr, flush=True)


def _now_us() -> int:
    return time.time_ns() // 1_000


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


_COMMANDS = {"backfill": _backfill, "live": _live, "run": _run, "burst": _burst}

if __name__ == "__main__":
    sys.exit(main())
