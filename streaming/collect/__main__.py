"""Command line of the collectors: python -m streaming.collect {news,prices,gaps,refused,check}."""

import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from lakehouse.process.commands import (
    EXIT_DONE,
    EXIT_FAILED,
    new_app,
    preformatted,
    print_error,
    run,
)
from lakehouse.process.log_lines import configure_logging
from lakehouse.process.metrics import serve_metrics
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import end_process, run_until_stopped
from streaming.collect import options
from streaming.collect.clock import SystemClock
from streaming.collect.errors import CollectError
from streaming.collect.exchanges.gaps import describe_market, find_markets, to_json_lines
from streaming.collect.exchanges.market_state import MAX_GAPS
from streaming.collect.exchanges.refused import find_refused, format_refused
from streaming.collect.options import Options
from streaming.collect.source import BUNDLED_SOURCES, DEFAULT_PROFILE, URL_FILE
from streaming.command_line import FAILURES

_DESCRIPTION = """\
Collects news and prices and publishes them to Kafka: raw-news and raw-price.

Sources are configuration: a TOML file of profiles. The default profile, offline, needs no internet: it reads what
`python -m streaming.offline` serves on this machine. Requests are conditional, Retry-After is obeyed, 301 is
remembered, and 410 is never requested again. The state in --state is written only once Kafka has the messages, so a
collector can be killed at any instant: nothing is lost, and a repeated message has the same message_id, which the
lake stores once."""

_EXAMPLES = """\
examples:
  python -m streaming.offline &
  python -m streaming.collect news --print --seconds 5
      a first look: texts as messages on the terminal, without Kafka and without state
  python -m streaming.collect prices
      trades of the offline exchange since seven days ago, then live, to Kafka
  python -m streaming.collect news --profile public --only coindesk,decrypt
      real feeds (see the file of sources for their names)
  python -m streaming.collect prices --record .runtime/recording --seconds 60
      the same, with every raw answer and its instant in a folder
  python -m streaming.collect prices --replay .runtime/recording --print
      that folder played back through the same code: the same messages, with the origin replay
  python -m streaming.collect gaps
      intervals that exchanges did not deliver, and what waits
  python -m streaming.collect refused
      trades that were not published, and why
  python -m streaming.collect check --sources mine.toml --markets
      whether a file of sources can work

One line an answer: source, status, bytes, items, new ones, seconds, time of the next request. The cluster is
--bootstrap, else CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS, else the embedded broker that runs in this folder."""

app = new_app(_DESCRIPTION, epilog=_EXAMPLES)


main = partial(run, app, prog="python -m streaming.collect", failures=FAILURES)


def collect(
    context: typer.Context,
    sources: options.Sources = BUNDLED_SOURCES,
    profile: options.ProfileName = DEFAULT_PROFILE,
    only: options.Only = None,
    offline: options.OfflineDir = None,
    state: options.StateDir = None,
    record: options.RecordDir = None,
    replay: options.PlaybackDir = None,
    bootstrap: options.Bootstrap = None,
    seconds: options.Seconds = None,
    prints: options.Prints = False,
) -> int:
    """Collect what the command is named after: news or prices."""
    if record and replay:
        raise typer.BadParameter("not allowed with --record", param_hint="--replay")
    names = options.parse_names(only)

    settings = Settings.from_environ(os.environ)
    if bootstrap:
        settings.kafka.with_servers(bootstrap)  # refused before anything is waited for
    selected = Options(
        kind="news" if context.info_name == "news" else "prices",
        sources=sources,
        profile=profile,
        only=names,
        offline_dir=offline or settings.offline_dir,
        state_dir=state or settings.collect_dir,
        record_dir=record,
        playback_dir=replay,
        bootstrap=bootstrap,
        seconds=seconds,
        prints=prints,
    )
    return _collect(selected, settings)


for _kind, _help in (("news", "texts of RSS and Atom feeds"), ("prices", "trades of exchanges' markets")):
    app.command(name=_kind, help=_help, epilog=preformatted(_EXAMPLES))(collect)


AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]


@app.command(
    help="Lists what exchanges did not deliver: after when, before when, how many trades, why; also trades that are "
    f"held, clocks that differ, and markets that fail. Each market keeps {MAX_GAPS:,} gaps, the oldest joined. "
    "Exit code: 0 when the state could be read, gaps or not; 1 when it could not."
)
def gaps(state: options.StateDir = None, as_json: AsJson = False) -> int:
    to_lines = to_json_lines if as_json else describe_market

    def lines_of(state_dir: Path) -> list[str]:
        return [line for market, found in find_markets(state_dir) for line in to_lines(market, found)]

    return _print_state(state, lines_of, nothing=None if as_json else "no gap")


@app.command(
    help="Lists trades that were not published, with their raw text: no usable price or time, or an absurd price. "
    "Exit code: 0 when the files could be read, 1 when they could not."
)
def refused(state: options.StateDir = None, as_json: AsJson = False) -> int:
    def lines_of(state_dir: Path) -> list[str]:
        return [format_refused(market, each, as_json=as_json) for market, each in find_refused(state_dir)]

    return _print_state(state, lines_of, nothing=None if as_json else "no refused trade")


@app.command(
    help="Checks a file of sources without collecting: every profile, name and value. With --markets it also asks the "
    "exchanges whether they have the markets. Exit code: 0 when all can work, 1 with each mistake named."
)
def check(
    sources: options.Sources = BUNDLED_SOURCES,
    profile: Annotated[str | None, typer.Option("--profile", help="this profile alone")] = None,
    markets: Annotated[bool, typer.Option("--markets", help="ask the exchanges, over the network")] = False,
    offline: options.OfflineDir = None,
) -> int:
    settings = Settings.from_environ(os.environ)
    from streaming.collect.checking import check_sources  # ccxt takes a second to import

    url_path = (offline or settings.offline_dir) / URL_FILE
    problems = check_sources(
        sources, profile, asks_exchanges=markets, offline_url_path=url_path, report=print
    )
    for problem in problems:
        print_error("collect", problem)
    return EXIT_FAILED if problems else EXIT_DONE


def _print_state(state: Path | None, lines_of: Callable[[Path], list[str]], *, nothing: str | None) -> int:
    """Print the lines of the folder of states; ``nothing`` where there are none."""

    settings = Settings.from_environ(os.environ)
    state_dir = state or settings.collect_dir
    if not state_dir.is_dir():
        raise CollectError(f"there is no folder {state_dir}: did a collector run with this --state?")
    lines = lines_of(state_dir)
    if not lines and nothing is not None:
        lines = [f"{nothing} in {state_dir}"]
    for line in lines:
        print(line)
    return EXIT_DONE


def _collect(options: Options, settings: Settings) -> int:
    from streaming.collect.service import run_collectors  # ccxt takes a second to import

    configure_logging(settings, sys.stderr)
    for noisy in ("kafka", "urllib3", "ccxt"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    serve_metrics(options.kind, settings.metrics_addresses())
    return run_until_stopped(lambda stopping: run_collectors(options, settings, SystemClock(stopping)))


if __name__ == "__main__":
    end_process(main())
