"""Collector process: collectors of a profile on the network, or on a recording that is played back."""

import logging
import threading
from pathlib import Path

from lakehouse.messages.contract import RAW_NEWS, RAW_PRICE
from lakehouse.process.commands import EXIT_DONE
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import StopRequestedError
from streaming.broker.cluster import find_cluster, wait_topic_ids
from streaming.collect.clock import Clock, SystemClock
from streaming.collect.context import Context
from streaming.collect.errors import CollectError, SourceConfigError
from streaming.collect.exchanges.client import ExchangeClient
from streaming.collect.exchanges.prices import MarketCollector
from streaming.collect.feeds.fetch import Fetcher
from streaming.collect.feeds.news import NewsCollector
from streaming.collect.network.exchange import Exchange, Network, PlayedBack, RecordedNetwork
from streaming.collect.options import Kind, Options
from streaming.collect.recording import Playback, Recorder
from streaming.collect.rounds import Collector, run_side_by_side
from streaming.collect.sink import Printer, SharedSink
from streaming.collect.source import OFFLINE, URL_FILE, Profile, needs_offline, read_profile
from streaming.collect.state import StateStore
from streaming.kafka.producer import Publisher, open_publisher

PLAYBACK_ORIGIN = "replay"
_RETRY_SECONDS = 0.5

logger = logging.getLogger("streaming.collect")


def run_collectors(options: Options, settings: Settings, system_clock: SystemClock) -> int:
    """Collect until a stop is requested, ``options.seconds`` have passed, or the recording has ended.

    Raises: StreamingError, StopRequestedError.
    """
    playback = Playback(options.playback_dir) if options.playback_dir else None
    clock: Clock = playback.clock if playback else system_clock
    profile = _read_profile(options, system_clock)
    topic = RAW_NEWS.topic if options.kind == "news" else RAW_PRICE.topic
    publisher, state_dir = _open_sink(options, settings, topic, system_clock.stopping)
    recorder = Recorder(options.record_dir, system_clock, state_dir=state_dir) if options.record_dir else None
    context = Context(
        clock=clock,
        sink=SharedSink(publisher or Printer()),
        store=StateStore(None, start_dir=playback.state_dir) if playback else StateStore(state_dir),
        origin=PLAYBACK_ORIGIN if playback else None,
    )
    groups = _to_collectors(options.kind, profile, context, recorder, playback)
    n_collectors = sum(map(len, groups))
    logger.info("%s starts profile=%s collectors=%d", options.kind, options.profile, n_collectors)
    if recorder or playback:  # answers have one order
        groups = [[collector for group in groups for collector in group]]
    seconds = None if playback else options.seconds
    try:
        run_side_by_side(groups, clock, seconds=seconds, stop=system_clock.stopping.set)
    finally:
        if publisher is not None:
            publisher.close()
    logger.info("%s stopped", options.kind)
    return EXIT_DONE


def _to_collectors(
    kind: Kind, profile: Profile, context: Context, recorder: Recorder | None, playback: Playback | None
) -> list[list[Collector]]:
    """Return the collectors of each source, which share its client and its pace."""
    exchange = _to_exchange(recorder, playback)
    if kind == "news":
        fetcher = Fetcher(exchange, context.clock)
        return [[NewsCollector(source, fetcher=fetcher, context=context)] for source in profile.news]
    start_us = recorder.start_us if recorder else context.clock.now_us()
    return [
        [
            MarketCollector(source, market, client=client, context=context, start_us=start_us)
            for market in source.markets
        ]
        for source in profile.prices
        for client in [ExchangeClient(source, exchange=exchange)]
    ]


def _open_sink(
    options: Options, settings: Settings, topic: str, stopping: threading.Event
) -> tuple[Publisher | None, Path | None]:
    """Return Kafka's publisher and the state folder of this very topic; neither where messages are printed."""
    if options.prints:
        return None, None
    kafka = find_cluster(settings, options.bootstrap, report=logger.warning, stopping=stopping)
    topic_id = wait_topic_ids(kafka, [topic], report=logger.warning, stopping=stopping)[topic]
    publisher = open_publisher(kafka.for_kafka_python(), [topic], report=logger.warning, stopping=stopping)
    return publisher, options.state_dir / topic / topic_id


def _read_profile(options: Options, clock: SystemClock) -> Profile:
    """Return the selected sources of the profile. Raises: SourceConfigError."""
    selected = _select(options, read_profile(options.sources, options.profile, offline_url=OFFLINE))
    if needs_offline(options.sources, options.profile):
        profile = read_profile(options.sources, options.profile, offline_url=_offline_url(options, clock))
        selected = _select(options, profile)
    return selected


def _select(options: Options, profile: Profile) -> Profile:
    """Return the sources that the command line names. Raises: SourceConfigError for one that is not there."""
    named = (
        [each.source for each in profile.news]
        if options.kind == "news"
        else [e.venue for e in profile.prices]
    )
    unknown = sorted(options.only.difference(named))
    if unknown or not named:
        wished = f"{options.kind} named {', '.join(unknown)}" if unknown else options.kind
        there = f"; there are {', '.join(named)}" if named else ""
        raise SourceConfigError(options.sources, f"profile {options.profile} has no {wished}{there}")
    return Profile(
        news=tuple(each for each in profile.news if not options.only or each.source in options.only),
        prices=tuple(each for each in profile.prices if not options.only or each.venue in options.only),
    )


def _offline_url(options: Options, clock: SystemClock) -> str:
    """Return the offline server's address, once it has written it; for a playback, the recorded one."""
    path = (options.playback_dir or options.offline_dir) / URL_FILE
    while not path.exists():
        if options.playback_dir:
            raise CollectError(f"{path} with the offline server's address is missing")
        logger.warning("waiting for `python -m streaming.offline` to write %s", path)
        if clock.sleep(_RETRY_SECONDS):
            raise StopRequestedError
    url = path.read_text(encoding="utf-8").strip()
    if options.record_dir is not None:
        options.record_dir.mkdir(parents=True, exist_ok=True)
        (options.record_dir / URL_FILE).write_text(url, encoding="utf-8")
    return url


def _to_exchange(recorder: Recorder | None, playback: Playback | None) -> Exchange:
    if playback is not None:
        return PlayedBack(playback)
    return Network() if recorder is None else RecordedNetwork(Network(), recorder)
