"""Collector process: collectors of a profile on the network, or on a recording that is played back."""

import logging
from dataclasses import dataclass
from pathlib import Path

import httpx
from requests.adapters import HTTPAdapter

from lakehouse.messages.contract import RAW_NEWS, RAW_PRICE
from streaming.broker.cluster import find_cluster, wait_topic_ids
from streaming.collect.clock import Clock, SystemClock
from streaming.collect.errors import CollectError, SourceConfigError
from streaming.collect.exchanges.client import ExchangeClient
from streaming.collect.exchanges.prices import MarketCollector
from streaming.collect.exchanges.transport import BoundedAdapter, PlaybackAdapter
from streaming.collect.feeds.fetch import Fetcher
from streaming.collect.feeds.news import NewsCollector
from streaming.collect.feeds.transport import PlaybackTransport, RecordingTransport
from streaming.collect.options import Options
from streaming.collect.recording import Playback, Recorder
from streaming.collect.rounds import Collector, run_rounds
from streaming.collect.sink import Printer, Sink
from streaming.collect.source import Profile, needs_offline, read_profile
from streaming.collect.state import StateStore
from streaming.kafka.producer import Publisher, open_publisher

URL_FILE = "url"
PLAYBACK_ORIGIN = "replay"
_RETRY_SECONDS = 0.5

logger = logging.getLogger("streaming.collect")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Environment:
    """Clock, sink and state that collectors share, and the recording that they write or play back."""

    clock: Clock
    sink: Sink
    store: StateStore
    recorder: Recorder | None
    playback: Playback | None
    start_us: int

    @property
    def origin(self) -> str | None:
        return PLAYBACK_ORIGIN if self.playback else None


def run_collectors(options: Options, system_clock: SystemClock) -> None:
    """Collect until the clock is stopped, ``options.seconds`` have passed, or the recording has ended.

    Raises: StreamingError.
    """
    playback = Playback(options.playback_dir) if options.playback_dir else None
    clock: Clock = playback.clock if playback else system_clock
    profile = _read_profile(options, system_clock)
    topic = RAW_NEWS.topic if options.kind == "news" else RAW_PRICE.topic
    publisher, state_dir = _open_sink(options, topic)
    recorder = Recorder(options.record_dir, system_clock, state_dir=state_dir) if options.record_dir else None
    environment = _Environment(
        clock=clock,
        sink=publisher or Printer(),
        store=StateStore(None, start_dir=playback.state_dir) if playback else StateStore(state_dir),
        recorder=recorder,
        playback=playback,
        start_us=recorder.start_us if recorder else clock.now_us(),
    )
    collectors = (_news if options.kind == "news" else _markets)(profile, environment)
    end_us = None if options.seconds is None or playback else clock.now_us() + round(options.seconds * 1e6)
    logger.info("%s starts profile=%s collectors=%d", options.kind, options.profile, len(collectors))
    try:
        run_rounds(collectors, clock, end_us=end_us)
    finally:
        if publisher is not None:
            publisher.close()
    logger.info("%s stopped", options.kind)


def _open_sink(options: Options, topic: str) -> tuple[Publisher | None, Path | None]:
    """Return Kafka's publisher and the state folder of this very topic; neither where messages are printed."""
    if options.prints:
        return None, None
    config = find_cluster(options.bootstrap, say=logger.warning)
    topic_id = wait_topic_ids(config, [topic], say=logger.warning)[topic]
    publisher = open_publisher(config, [topic], say=logger.warning)
    return publisher, options.state_dir / topic / topic_id


def _read_profile(options: Options, clock: SystemClock) -> Profile:
    """Return the selected sources of the profile. Raises: SourceConfigError."""
    offline_url = None
    if needs_offline(options.sources, options.profile):
        offline_url = _offline_url(options, clock)
    profile = read_profile(options.sources, options.profile, offline_url=offline_url)
    selected = Profile(
        news=tuple(each for each in profile.news if not options.only or each.source in options.only),
        prices=tuple(each for each in profile.prices if not options.only or each.venue in options.only),
    )
    if not (selected.news if options.kind == "news" else selected.prices):
        raise SourceConfigError(options.sources, f"profile {options.profile} has no such {options.kind}")
    return selected


def _offline_url(options: Options, clock: SystemClock) -> str:
    """Return the offline server's address, once it has written it; for a playback, the recorded one."""
    path = (options.playback_dir or options.offline_dir) / URL_FILE
    while not path.exists():
        if options.playback_dir:
            raise CollectError(f"{path} with the offline server's address is missing")
        logger.warning("waiting for `python -m streaming.offline` to write %s", path)
        if clock.sleep(_RETRY_SECONDS):
            raise CollectError("stopped before the offline server was there")
    url = path.read_text(encoding="utf-8").strip()
    if options.record_dir is not None:
        options.record_dir.mkdir(parents=True, exist_ok=True)
        (options.record_dir / URL_FILE).write_text(url, encoding="utf-8")
    return url


def _news(profile: Profile, environment: _Environment) -> list[Collector]:
    transport: httpx.BaseTransport | None = None
    if environment.playback is not None:
        transport = PlaybackTransport(environment.playback)
    elif environment.recorder is not None:
        transport = RecordingTransport(httpx.HTTPTransport(), environment.recorder)
    fetcher = Fetcher(httpx.Client(transport=transport), environment.clock)
    return [
        NewsCollector(
            source,
            fetcher=fetcher,
            store=environment.store,
            sink=environment.sink,
            clock=environment.clock,
            origin=environment.origin,
        )
        for source in profile.news
    ]


def _markets(profile: Profile, environment: _Environment) -> list[Collector]:
    adapter: HTTPAdapter = BoundedAdapter(environment.recorder)
    if environment.playback is not None:
        adapter = PlaybackAdapter(environment.playback)
    return [
        MarketCollector(
            source,
            symbol,
            client=client,
            store=environment.store,
            sink=environment.sink,
            clock=environment.clock,
            start_us=environment.start_us,
            origin=environment.origin,
        )
        for source in profile.prices
        for client in [ExchangeClient(source, adapter=adapter)]
        for symbol in source.symbols
    ]
