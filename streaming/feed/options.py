"""Options of the load generator's command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from lakehouse.messages.contract import MAX_EVENT_AGE
from lakehouse.process.number_option import number_option, seconds_option
from streaming.feed.faults import FaultRates
from streaming.feed.market import ASSETS
from streaming.feed.prices.behaviour import Behaviour
from streaming.feed.schedule import MIN_RATE
from streaming.feed.stream import Feed

DEFAULT_SEED = 7
DEFAULT_FAULTS = FaultRates(late=0.01, duplicates=0.01, poison=0.002)
ALL_SYMBOLS = ",".join(ASSETS)
_MAX_DAYS = float(MAX_EVENT_AGE.days - 1)


def _share_option(help: str) -> Any:
    return number_option("a share from 0 to 0.5", at_least=0.0, at_most=0.5, help=help, metavar="SHARE")


Seed = Annotated[int, typer.Option(help="which market")]
RandomSeed = Annotated[int | None, typer.Option(help="which market (default: another each time)")]
Symbols = Annotated[str, typer.Option(help="comma-separated")]
Bootstrap = Annotated[str | None, typer.Option(help="host:port of the cluster, comma-separated")]
Late = Annotated[float, _share_option("share published minutes to hours after its event")]
Duplicates = Annotated[float, _share_option("share sent twice, some hours later")]
Poison = Annotated[float, _share_option("share beside which a broken message is sent")]
_DAYS = f"days, above 0 and at most {_MAX_DAYS:g}"
Days = Annotated[float, number_option(_DAYS, at_least=1e-6, at_most=_MAX_DAYS, help="how far back")]
_WORKERS = "a number of processes from 1 to 8"
Workers = Annotated[
    float, number_option(_WORKERS, at_least=1, at_most=8, help="processes that publish the past")
]
StatePath = Annotated[
    Path | None, typer.Option("--state", help="file of what is published, which is not published again")
]
_RATE = f"messages a second, from {MIN_RATE:g} to 2000"
LiveRate = Annotated[
    float, number_option(_RATE, at_least=MIN_RATE, at_most=2_000, help="messages a second, on average")
]
Seconds = Annotated[float | None, seconds_option()]
_COUNT = "a number of messages from 1"
Count = Annotated[
    float,
    number_option(_COUNT, at_least=1, at_most=1e10, help="how many messages, exactly (faults come on top)"),
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


def to_feed(seed: int, symbols: str, behaviour: Behaviour, rates: FaultRates) -> Feed:
    """Return the stream that options describe. Raises: BadParameter."""
    known = frozenset(part.strip().lower() for part in symbols.split(",") if part.strip())
    if known - ASSETS.keys() or not known:
        raise typer.BadParameter(f"{symbols!r}: choose among {ALL_SYMBOLS}", param_hint="--symbols")
    return Feed(seed=seed, symbols=known, fault_rates=rates, behaviour=behaviour)


def parse_burst_rate(text: str) -> float | None:
    """Return a rate; None for ``max``. Raises: BadParameter."""
    if text == "max":
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = float("nan")
    if not 0.1 <= rate <= 20_000:
        problem = f"{text!r} is not messages a second from 0.1 to 20000, or max"
        raise typer.BadParameter(problem, param_hint="--rate")
    return rate
