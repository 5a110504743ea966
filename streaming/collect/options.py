"""The collectors' options, checked."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse.process.settings import Settings
from streaming.collect.source import BUNDLED_SOURCES, DEFAULT_PROFILE

_DESCRIPTION = """\
Collects news and prices and publishes them to Kafka: raw-news and raw-price.

What is read is configuration: a TOML file of profiles. The default profile, offline, needs no internet: it reads
what `python -m streaming.offline` serves on this machine. A source is asked politely: conditional requests, its
Retry-After obeyed, 301 remembered, never again after 410. What was published is remembered in --state only once
Kafka has it, so a collector can be killed at any instant: nothing is lost, and what comes twice has the same
message_id and vanishes in gold."""

_EXAMPLES = """\
examples:
  python -m streaming.offline &
  python -m streaming.collect news --print --seconds 5
      a first look: texts as messages on the terminal; no Kafka needed, nothing remembered
  python -m streaming.collect prices
      trades of the offline exchange since seven days ago, then live, to Kafka
  python -m streaming.collect news --profile public --only coindesk,decrypt
      real feeds (see the file of sources for their names)
  python -m streaming.collect prices --record .runtime/recording --seconds 60
      the same, and every raw answer with its instant into a folder
  python -m streaming.collect prices --replay .runtime/recording --print
      that folder through the same code: the same messages, but for their origin, replay

  python -m streaming.collect gaps
      what exchanges did not give although it was asked for

One line an answer: source, status, bytes, items, new ones, seconds, when it is asked next. The cluster is
--bootstrap, else CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS, else the embedded broker that runs in this folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for."""

    kind: str
    sources: Path
    profile: str
    only: frozenset[str]
    offline_dir: Path
    state_dir: Path
    record_dir: Path | None
    replay_dir: Path | None
    bootstrap: str | None
    seconds: float | None
    prints: bool


def parse_options(arguments: Sequence[str], settings: Settings) -> Options:
    """Raises SystemExit, as argparse does, with one line that names the option and what it takes."""
    given = _parser(settings).parse_args(arguments)
    return Options(
        kind=given.kind,
        sources=given.sources,
        profile=given.profile,
        only=given.only,
        offline_dir=given.offline,
        state_dir=given.state,
        record_dir=given.record,
        replay_dir=given.replay,
        bootstrap=given.bootstrap,
        seconds=given.seconds,
        prints=given.print,
    )


def _parser(settings: Settings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m streaming.collect",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="{news,prices}")
    for name, help_ in (("news", "texts of RSS and Atom feeds"), ("prices", "trades of exchanges' markets")):
        _add_options(
            kinds.add_parser(
                name,
                help=help_,
                description=help_,
                epilog=_EXAMPLES,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            ),
            settings,
        )
    return parser


def _add_options(parser: argparse.ArgumentParser, settings: Settings) -> None:
    parser.add_argument("--sources", type=Path, default=BUNDLED_SOURCES, help="TOML file of profiles")
    parser.add_argument(
        "--profile", default=DEFAULT_PROFILE, help=f"which of them (default {DEFAULT_PROFILE})"
    )
    parser.add_argument(
        "--only", type=_names, default=frozenset(), help="these sources or venues, comma-separated"
    )
    parser.add_argument(
        "--offline",
        type=Path,
        default=settings.offline_dir,
        help="folder in which the offline server says its address (default %(default)s)",
    )
    parser.add_argument(
        "--state", type=Path, default=settings.collect_dir, help="what is remembered (default %(default)s)"
    )
    recording = parser.add_mutually_exclusive_group()
    recording.add_argument("--record", type=Path, help="new folder for every raw answer with its instant")
    recording.add_argument("--replay", type=Path, help="folder of a recording to go through, without network")
    parser.add_argument("--bootstrap", help="host:port of the cluster, comma-separated")
    parser.add_argument("--seconds", type=_seconds, help="end after so long (default: never)")
    parser.add_argument(
        "--print", action="store_true", help="to the terminal, not to Kafka; remember nothing"
    )


def _names(text: str) -> frozenset[str]:
    names = frozenset(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise argparse.ArgumentTypeError(f"{text!r}: name at least one source")
    return names


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = float("nan")
    if not 0 < seconds <= 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds
