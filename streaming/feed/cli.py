"""The feed's options, checked."""

import argparse
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse.messages.contract import MAX_EVENT_AGE
from streaming.feed.faults import NO_DOSE, Dose
from streaming.feed.market import ASSETS
from streaming.feed.schedule import MIN_RATE

DEFAULT_SEED = 7
_MAX_DAYS = float(MAX_EVENT_AGE.days - 1)
DEFAULT_DOSE = Dose(late=0.01, duplicates=0.01, poison=0.002)

_DESCRIPTION = """\
A generated market and its results, published to raw-price, analyzed-sentiment and predicted-price.

Every number is made up and says so: its origin is "generated". The same seed and link give the same messages with the
same ids for the same instants, on any day, at any rate, in any process: a feed that is started twice sends
duplicates, which the lake drops, and never contradictions."""

_EXAMPLES = """\
examples:
  python -m streaming.feed run --days 7 --rate 20 --state .runtime/feed.json
      seven days at once (about 172,000 messages), then live; started again, it fills the hole and goes on
  python -m streaming.feed live --rate 20 --symbols btc,eth --poison 0
      from now on, two assets, nothing broken on purpose
  python -m streaming.feed burst --count 1000000 --rate max
      a load for benchmarks: a million messages, spread over the last seven days, as fast as they go
  python -m streaming.feed burst --count 30000 --rate 500
      a steady load of exactly 500 messages a second, about now

The cluster is --bootstrap, else CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS, else the embedded broker that runs in this
folder; the other CRYPTOVIZ_KAFKA_* settings (SASL, TLS) apply as everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for. ``rate`` is None for "as fast as it goes"."""

    command: str
    seed: int
    symbols: frozenset[str]
    dose: Dose
    link: float
    bootstrap: str | None
    days: float
    rate: float | None
    n_messages: int | None
    n_workers: int
    seconds: float | None
    state: Path | None


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Raises SystemExit, as argparse does, with one line that names the option and what it takes."""
    given = _parser().parse_args(arguments)
    is_burst = given.command == "burst"
    seed = given.seed
    if seed is None:
        seed = secrets.randbelow(1_000_000_000) if is_burst else DEFAULT_SEED
    quiet = NO_DOSE if is_burst else DEFAULT_DOSE
    return Options(
        command=given.command,
        seed=seed,
        symbols=given.symbols,
        dose=Dose(
            late=quiet.late if given.late is None else given.late,
            duplicates=quiet.duplicates if given.duplicates is None else given.duplicates,
            poison=quiet.poison if given.poison is None else given.poison,
        ),
        link=given.link,
        bootstrap=given.bootstrap,
        days=getattr(given, "days", 7.0),
        rate=getattr(given, "rate", None),
        n_messages=getattr(given, "count", None),
        n_workers=getattr(given, "workers", 1),
        seconds=getattr(given, "seconds", None),
        state=getattr(given, "state", None),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m streaming.feed",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="{backfill,live,run,burst}")
    backfill = _add_command(commands, "backfill", "publish the last days at once, then end")
    live = _add_command(commands, "live", "publish from now on, each message at its moment")
    run = _add_command(commands, "run", "backfill, then live, without a seam")
    burst = _add_command(commands, "burst", "publish a known number of messages: a load for benchmarks")
    for command in (backfill, run, burst):
        _add_past(command)
    for command in (backfill, run):
        command.add_argument(
            "--state", type=Path, help="file that remembers what is published, so that it is not again"
        )
    for command in (live, run):
        command.add_argument(
            "--rate", type=_live_rate, default=20.0, help="messages a second, on average (default 20)"
        )
        command.add_argument("--seconds", type=_positive, help="end after so long (default: never)")
    burst.add_argument(
        "--count", type=_count, required=True, help="how many messages, exactly (faults come on top)"
    )
    burst.add_argument("--rate", type=_burst_rate, default=None, help="messages a second, or max (default)")
    return parser


def _add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, help_: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=help_,
        description=help_,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "--seed", type=int, help=f"which market (default {DEFAULT_SEED}; burst: another each time)"
    )
    command.add_argument(
        "--symbols",
        type=_symbols,
        default=frozenset(ASSETS),
        help=f"comma-separated (default {','.join(ASSETS)})",
    )
    command.add_argument(
        "--link",
        type=_link,
        default=0.0,
        metavar="STRENGTH",
        help="how strongly news move prices (default 0)",
    )
    command.add_argument("--bootstrap", help="host:port of the cluster, comma-separated")
    for name_, meaning in (
        ("late", "share that is published minutes to hours after its event"),
        ("duplicates", "share that is sent twice, some hours later"),
        ("poison", "share beside which a broken message is sent"),
    ):
        usual = getattr(DEFAULT_DOSE, name_)
        command.add_argument(f"--{name_}", type=_share, help=f"{meaning} (default {usual:g}; burst: 0)")
    return command


def _add_past(command: argparse.ArgumentParser) -> None:
    command.add_argument("--days", type=_days, default=7.0, help="how far back (default 7)")
    command.add_argument(
        "--workers", type=_workers, default=2, help="processes that publish the past (default 2)"
    )


def _symbols(text: str) -> frozenset[str]:
    symbols = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    unknown = symbols - ASSETS.keys()
    if unknown or not symbols:
        raise argparse.ArgumentTypeError(f"{text!r}: choose among {','.join(ASSETS)}")
    return symbols


def _share(text: str) -> float:
    return _number(text, "a share from 0 to 0.5", at_least=0.0, at_most=0.5)


def _link(text: str) -> float:
    return _number(text, "a strength from 0 to 10", at_least=0.0, at_most=10.0)


def _days(text: str) -> float:
    return _number(text, f"days, above 0 and at most {_MAX_DAYS:g}", at_least=1e-6, at_most=_MAX_DAYS)


def _workers(text: str) -> int:
    return int(_number(text, "a number of processes from 1 to 8", at_least=1, at_most=8))


def _positive(text: str) -> float:
    return _number(text, "seconds, above 0", at_least=1e-3, at_most=1e9)


def _count(text: str) -> int:
    return int(_number(text, "a number of messages from 1", at_least=1, at_most=1e10))


def _live_rate(text: str) -> float:
    return _number(text, f"messages a second, from {MIN_RATE:g} to 2000", at_least=MIN_RATE, at_most=2_000)


def _burst_rate(text: str) -> float | None:
    if text == "max":
        return None
    return _number(text, "messages a second from 0.1 to 20000, or max", at_least=0.1, at_most=20_000)


def _number(text: str, accepted: str, *, at_least: float, at_most: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not at_least <= number <= at_most:
        raise argparse.ArgumentTypeError(f"{text!r} is not {accepted}")
    return number
