"""Options of the load generator's command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from lakehouse.messages.contract import MAX_EVENT_AGE
from streaming.feed.faults import FaultRates
from streaming.feed.market import ASSETS
from streaming.feed.schedule import MIN_RATE
from streaming.feed.stream import Feed
from streaming.number_option import number_parser, parse_seconds

DEFAULT_SEED = 7
DEFAULT_FAULTS = FaultRates(late=0.01, duplicates=0.01, poison=0.002)
ALL_SYMBOLS = ",".join(ASSETS)
_MAX_DAYS = float(MAX_EVENT_AGE.days - 1)
_parse_share = number_parser("a share from 0 to 0.5", at_least=0.0, at_most=0.5)
_parse_rate = number_parser("messages a second from 0.1 to 20000, or max", at_least=0.1, at_most=20_000)


def parse_burst_rate(text: str) -> float | None:
    """Return a rate; None for ``max``. Raises: BadParameter."""
    return None if text == "max" else _parse_rate(text)


Seed = Annotated[int, typer.Option(help="which market")]
RandomSeed = Annotated[int | None, typer.Option(help="which market (default: another each time)")]
Symbols = Annotated[str, typer.Option(help="comma-separated")]
Link = Annotated[
    float,
    typer.Option(
        metavar="STRENGTH",
        help="how strongly news move prices",
        parser=number_parser("a strength from 0 to 10", at_least=0.0, at_most=10.0),
    ),
]
Bootstrap = Annotated[str | None, typer.Option(help="host:port of the cluster, comma-separated")]
Late = Annotated[
    float, typer.Option(help="share published minutes to hours after its event", parser=_parse_share)
]
Duplicates = Annotated[float, typer.Option(help="share sent twice, some hours later", parser=_parse_share)]
Poison = Annotated[
    float, typer.Option(help="share beside which a broken message is sent", parser=_parse_share)
]
Days = Annotated[
    float,
    typer.Option(
        help="how far back",
        parser=number_parser(f"days, above 0 and at most {_MAX_DAYS:g}", at_least=1e-6, at_most=_MAX_DAYS),
    ),
]
Workers = Annotated[
    float,
    typer.Option(
        help="processes that publish the past",
        parser=number_parser("a number of processes from 1 to 8", at_least=1, at_most=8),
    ),
]
StatePath = Annotated[
    Path | None, typer.Option("--state", help="file of what is published, which is not published again")
]
LiveRate = Annotated[
    float,
    typer.Option(
        help="messages a second, on average",
        parser=number_parser(
            f"messages a second, from {MIN_RATE:g} to 2000", at_least=MIN_RATE, at_most=2_000
        ),
    ),
]
Seconds = Annotated[
    float | None, typer.Option(help="end after so long (default: never)", parser=parse_seconds)
]
Count = Annotated[
    float,
    typer.Option(
        help="how many messages, exactly (faults come on top)",
        parser=number_parser("a number of messages from 1", at_least=1, at_most=1e10),
    ),
]
BurstRate = Annotated[str, typer.Option(help="messages a second, or max")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of one run. ``rate`` None publishes as fast as possible, ``seconds`` None without an end."""

    feed: Feed
    bootstrap: str | None
    days: float = 7.0
    rate: float | None = None
    n_messages: int = 0
    n_workers: int = 1
    seconds: float | None = None
    state_path: Path | None = None


def to_feed(seed: int, symbols: str, link: float, late: float, duplicates: float, poison: float) -> Feed:
    """Return the stream that options describe. Raises: BadParameter."""
    known = frozenset(part.strip().lower() for part in symbols.split(",") if part.strip())
    if known - ASSETS.keys() or not known:
        raise typer.BadParameter(f"{symbols!r}: choose among {ALL_SYMBOLS}", param_hint="--symbols")
    rates = FaultRates(late=late, duplicates=duplicates, poison=poison)
    return Feed(seed=seed, symbols=known, fault_rates=rates, link=link)
