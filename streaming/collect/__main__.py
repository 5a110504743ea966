"""The collectors' command line: python -m streaming.collect {news,prices,gaps}."""

import logging
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from requests.adapters import HTTPAdapter

from lakehouse.errors import LakehouseError
from lakehouse.messages.contract import RAW_NEWS, RAW_PRICE
from lakehouse.process.commands import EXIT_DONE, EXIT_FAILED, print_error
from lakehouse.process.log_lines import configure_logging
from lakehouse.process.metrics import serve_metrics
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import StopRequestedError, end_process, run_until_stopped
from streaming.broker.cluster import find_cluster, wait_topic_ids
from streaming.collect import gaps
from streaming.collect.clock import Clock, SystemClock
from streaming.collect.errors import CollectError, SourceConfigError
from streaming.collect.exchange import BoundedAdapter, ExchangeClient, ReplayAdapter
from streaming.collect.feed_transport import RecordingTransport, ReplayTransport
from streaming.collect.fetch import Fetcher
from streaming.collect.news import NewsCollector
from streaming.collect.options import Options, parse_options
from streaming.collect.prices import MarketCollector
from streaming.collect.recording import Recorder, Replay
from streaming.collect.rounds import Collector, run_rounds
from streaming.collect.sink import Printer, Sink
from streaming.collect.source import Profile, needs_offline, read_profile
from streaming.collect.state import StateStore
from streaming.errors import StreamingError
from streaming.kafka.producer import Publisher, open_publisher

URL_FILE = "url"
REPLAY_ORIGIN = "replay"
_LOOK_AGAIN_SECONDS = 0.5

logger = logging.getLogger("streaming.collect")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """Everything that a collector stands on: the real world, or a recording of it."""

    clock: Clock
    sink: Sink
    store: StateStore
    recorder: Recorder | None
    replay: Replay | None
    started_us: int

    @property
    def origin(self) -> str | None:
        return REPLAY_ORIGIN if self.replay else None


def main(arguments: Sequence[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        settings = Settings.from_environ(os.environ)
        if given[:1] == ["gaps"]:
            return gaps.main(given[1:], settings)
        options = parse_options(given, settings)
        configure_logging(settings, sys.stderr)
        for noisy in ("httpx", "httpcore", "kafka", "urllib3", "ccxt"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL)
        serve_metrics(options.kind, settings.metrics_addresses())
        return run_until_stopped(lambda stopping: _collect(options, settings, SystemClock(stopping)))
    except (StreamingError, LakehouseError) as error:
        print_error("collect", error)
        return EXIT_FAILED


def _collect(options: Options, settings: Settings, system_clock: SystemClock) -> int:
    replay = Replay(options.replay_dir) if options.replay_dir else None
    clock: Clock = replay.clock if replay else system_clock
    profile = _profile(options, system_clock, is_replay=replay is not None)
    topic = RAW_NEWS.topic if options.kind == "news" else RAW_PRICE.topic
    publisher, state_dir = _open_sink(options, settings, topic, system_clock.stopping)
    recorder = Recorder(options.record_dir, system_clock, state_dir=state_dir) if options.record_dir else None
    setting = _Setting(
        clock=clock,
        sink=publisher or Printer(),
        store=StateStore(None, start_dir=replay.state_dir) if replay else StateStore(state_dir),
        recorder=recorder,
        replay=replay,
        started_us=recorder.began_us if recorder else clock.now_us(),
    )
    collectors = (_news if options.kind == "news" else _markets)(profile, setting)
    end_us = None if options.seconds is None or replay else clock.now_us() + round(options.seconds * 1e6)
    logger.info("%s starts profile=%s collectors=%d", options.kind, options.profile, len(collectors))
    try:
        run_rounds(collectors, clock, end_us=end_us)
    finally:
        if publisher is not None:
            publisher.close()
    logger.info("%s stopped", options.kind)
    return EXIT_DONE


def _open_sink(
    options: Options, settings: Settings, topic: str, stopping: threading.Event
) -> tuple[Publisher | None, Path | None]:
    """Kafka, with the folder of what is known of this very topic; neither where messages are only printed."""
    if options.prints:
        return None, None
    kafka = find_cluster(settings, options.bootstrap, report=logger.warning, stopping=stopping)
    topic_id = wait_topic_ids(kafka, [topic], report=logger.warning, stopping=stopping)[topic]
    publisher = open_publisher(kafka.for_kafka_python(), [topic], report=logger.warning, stopping=stopping)
    return publisher, options.state_dir / topic / topic_id


def _profile(options: Options, clock: SystemClock, *, is_replay: bool) -> Profile:
    """The chosen part of the profile. Raises SourceConfigError."""
    offline_url = None
    if needs_offline(options.sources, options.profile):
        offline_url = _offline_url(options, clock, is_replay=is_replay)
    profile = read_profile(options.sources, options.profile, offline_url=offline_url)
    chosen = Profile(
        news=tuple(each for each in profile.news if not options.only or each.source in options.only),
        prices=tuple(each for each in profile.prices if not options.only or each.venue in options.only),
    )
    if not (chosen.news if options.kind == "news" else chosen.prices):
        raise SourceConfigError(options.sources, f"profile {options.profile} has no such {options.kind}")
    return chosen


def _offline_url(options: Options, clock: SystemClock, *, is_replay: bool) -> str:
    """Where the offline server listens, once it says so; a recording knows where it was."""
    path = (options.replay_dir if is_replay and options.replay_dir else options.offline_dir) / URL_FILE
    while not path.exists():
        if is_replay:
            raise CollectError(f"{path} does not say where the offline server was")
        logger.warning("waiting for `python -m streaming.offline` to write %s", path)
        if clock.sleep(_LOOK_AGAIN_SECONDS):
            raise StopRequestedError
    url = path.read_text(encoding="utf-8").strip()
    if options.record_dir is not None:
        options.record_dir.mkdir(parents=True, exist_ok=True)
        (options.record_dir / URL_FILE).write_text(url, encoding="utf-8")
    return url


def _news(profile: Profile, setting: _Setting) -> list[Collector]:
    transport: httpx.BaseTransport | None = None
    if setting.replay is not None:
        transport = ReplayTransport(setting.replay)
    elif setting.recorder is not None:
        transport = RecordingTransport(httpx.HTTPTransport(), setting.recorder)
    fetcher = Fetcher(httpx.Client(transport=transport), setting.clock)
    return [
        NewsCollector(
            source,
            fetcher=fetcher,
            store=setting.store,
            sink=setting.sink,
            clock=setting.clock,
            origin=setting.origin,
        )
        for source in profile.news
    ]


def _markets(profile: Profile, setting: _Setting) -> list[Collector]:
    adapter: HTTPAdapter | None = None
    if setting.replay is not None:
        adapter = ReplayAdapter(setting.replay)
    elif setting.recorder is not None:
        adapter = BoundedAdapter(setting.recorder)
    return [
        MarketCollector(
            source,
            symbol,
            client=client,
            store=setting.store,
            sink=setting.sink,
            clock=setting.clock,
            started_us=setting.started_us,
            origin=setting.origin,
        )
        for source in profile.prices
        for client in [ExchangeClient(source, adapter=adapter)]
        for symbol in source.symbols
    ]


if __name__ == "__main__":
    end_process(main())
