"""Command line of the load generator: python -m streaming.feed {backfill,live,run,burst}."""

import logging
import os
import secrets
from functools import partial

from lakehouse.process.commands import new_app, preformatted, run
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import end_process, run_until_stopped
from streaming.command_line import FAILURES
from streaming.feed import options as opt
from streaming.feed.faults import FaultRates
from streaming.feed.options import (
    ALL_SYMBOLS,
    DEFAULT_FAULTS,
    DEFAULT_SEED,
    Options,
    parse_burst_rate,
    to_feed,
)
from streaming.feed.prices.options import SETTINGS_HELP, Link, MarketSettings, to_behaviour

_DESCRIPTION = """\
A generated market and its results, published to raw-price, analyzed-sentiment and predicted-price.

Every message has the origin "generated". The same seed, link and market give the same messages with the same ids for
the same instants, on any day, at any rate, in any process: a feed that is started twice sends duplicates, which the
lake drops, and never contradictions."""

_EXAMPLES = f"""\
examples:
  python -m streaming.feed run --days 7 --rate 20 --state .runtime/feed.json
      seven days at once (about 172,000 messages), then live; a restart fills the gap and goes on
  python -m streaming.feed live --rate 20 --symbols btc,eth --poison 0
      from now on, two assets, nothing broken on purpose
  python -m streaming.feed burst --count 1000000 --rate max
      a load for benchmarks: a million messages, spread over the last seven days, as fast as possible
  python -m streaming.feed burst --count 30000 --rate 500
      a steady load of exactly 500 messages a second, about now
  python -m streaming.feed backfill --days 30 --market tick=100,rests_a_day=2,bad_ticks=20
      a market with coarse ticks that often rests, and prints many a bad tick

{SETTINGS_HELP}

The cluster is --bootstrap, else CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS, else the embedded broker that runs in this
folder; the other CRYPTOVIZ_KAFKA_* settings (SASL, TLS) apply as everywhere."""

app = new_app(_DESCRIPTION, epilog=_EXAMPLES)
app.info.subcommand_metavar = "{backfill,live,run,burst}"
_EPILOG = preformatted(_EXAMPLES)
main = partial(run, app, prog="python -m streaming.feed", failures=FAILURES)


@app.command(help="publish the last days at once, then end", epilog=_EPILOG)
def backfill(
    seed: opt.Seed = DEFAULT_SEED,
    symbols: opt.Symbols = ALL_SYMBOLS,
    link: Link = 0.0,
    market: MarketSettings = "",
    bootstrap: opt.Bootstrap = None,
    late: opt.Late = DEFAULT_FAULTS.late,
    duplicates: opt.Duplicates = DEFAULT_FAULTS.duplicates,
    poison: opt.Poison = DEFAULT_FAULTS.poison,
    days: opt.Days = 7.0,
    workers: opt.Workers = 2,
    state: opt.StatePath = None,
) -> int:
    rates = FaultRates(late=late, duplicates=duplicates, poison=poison)
    feed = to_feed(seed, symbols, to_behaviour(link, market), rates)
    options = Options(feed=feed, bootstrap=bootstrap, days=days, n_workers=int(workers), state_path=state)
    return _publish("backfill", options)


@app.command(help="publish from now on, each message at its moment", epilog=_EPILOG)
def live(
    seed: opt.Seed = DEFAULT_SEED,
    symbols: opt.Symbols = ALL_SYMBOLS,
    link: Link = 0.0,
    market: MarketSettings = "",
    bootstrap: opt.Bootstrap = None,
    late: opt.Late = DEFAULT_FAULTS.late,
    duplicates: opt.Duplicates = DEFAULT_FAULTS.duplicates,
    poison: opt.Poison = DEFAULT_FAULTS.poison,
    rate: opt.LiveRate = 20.0,
    seconds: opt.Seconds = None,
) -> int:
    rates = FaultRates(late=late, duplicates=duplicates, poison=poison)
    feed = to_feed(seed, symbols, to_behaviour(link, market), rates)
    options = Options(feed=feed, bootstrap=bootstrap, rate=rate, seconds=seconds)
    return _publish("live", options)


@app.command(name="run", help="backfill, then live, without a gap between them", epilog=_EPILOG)
def backfill_then_live(
    seed: opt.Seed = DEFAULT_SEED,
    symbols: opt.Symbols = ALL_SYMBOLS,
    link: Link = 0.0,
    market: MarketSettings = "",
    bootstrap: opt.Bootstrap = None,
    late: opt.Late = DEFAULT_FAULTS.late,
    duplicates: opt.Duplicates = DEFAULT_FAULTS.duplicates,
    poison: opt.Poison = DEFAULT_FAULTS.poison,
    days: opt.Days = 7.0,
    workers: opt.Workers = 2,
    state: opt.StatePath = None,
    rate: opt.LiveRate = 20.0,
    seconds: opt.Seconds = None,
) -> int:
    rates = FaultRates(late=late, duplicates=duplicates, poison=poison)
    feed = to_feed(seed, symbols, to_behaviour(link, market), rates)
    options = Options(
        feed=feed,
        bootstrap=bootstrap,
        days=days,
        n_workers=int(workers),
        state_path=state,
        rate=rate,
        seconds=seconds,
    )
    return _publish("run", options)


@app.command(help="publish a known number of messages: a load for benchmarks", epilog=_EPILOG)
def burst(
    count: opt.Count,
    seed: opt.RandomSeed = None,
    symbols: opt.Symbols = ALL_SYMBOLS,
    link: Link = 0.0,
    market: MarketSettings = "",
    bootstrap: opt.Bootstrap = None,
    late: opt.Late = 0.0,
    duplicates: opt.Duplicates = 0.0,
    poison: opt.Poison = 0.0,
    days: opt.Days = 7.0,
    workers: opt.Workers = 2,
    rate: opt.BurstRate = "max",
) -> int:
    rates = FaultRates(late=late, duplicates=duplicates, poison=poison)
    drawn = secrets.randbelow(1_000_000_000) if seed is None else seed
    feed = to_feed(drawn, symbols, to_behaviour(link, market), rates)
    options = Options(
        feed=feed,
        bootstrap=bootstrap,
        days=days,
        n_workers=int(workers),
        n_messages=int(count),
        rate=parse_burst_rate(rate),
    )
    return _publish("burst", options)


def _publish(command: str, options: Options) -> int:
    from streaming.feed.publication import commands  # Kafka's client takes a third of a second to import

    logging.basicConfig(level=logging.WARNING, format="feed: %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    settings = Settings.from_environ(os.environ)
    return run_until_stopped(lambda stopping: commands.publish(command, options, settings, stopping))


if __name__ == "__main__":
    end_process(main())
