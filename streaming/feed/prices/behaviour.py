"""Behaviour of generated prices: each property of real ones as a number that can be set."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from streaming.errors import StreamingError


class BehaviourError(StreamingError):
    """A setting of the generated market that does not exist or is out of its range."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers that a setting accepts, and what it does, in words."""

    at_least: float
    at_most: float
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Settings of the generated market, see SETTINGS. The defaults have the properties of real minutes.

    ``link`` is how strongly news moves prices in its direction; at 0 nothing foretells the direction of a price.
    Another behaviour with the same seed is another market: ``variant`` is part of the ids of its messages.
    """

    link: float = 0.0
    tail_freedom: float = 4.0
    clusters_across_days: float = 0.4
    clusters_within_day: float = 0.6
    bursts: float = 1.1
    daily_shape: float = 0.3
    jumps_a_day: float = 1.0
    jump_size: float = 0.45
    tick: float = 1.0
    rests_a_day: float = 0.5
    bad_ticks: float = 0.5
    gaps_a_day: float = 0.44

    @property
    def variant(self) -> str:
        """Return the settings that are not the default, e.g. ``link1-tick10``; empty where all are."""
        changed = (each.name for each in fields(self) if getattr(self, each.name) != each.default)
        return "-".join(f"{name}{getattr(self, name):g}" for name in changed)


USUAL = Behaviour()


@dataclass(frozen=True, slots=True)
class MarketModel:
    """A generated market: every price of every asset and instant follows from it."""

    seed: int
    behaviour: Behaviour = USUAL


SETTINGS: Mapping[str, Range] = {
    "tail_freedom": Range(
        2.5, 1e6, "degrees of freedom of Student's t that minutes are drawn from: low is fat"
    ),
    "clusters_across_days": Range(0, 1.2, "deviation of log volatility over days and weeks"),
    "clusters_within_day": Range(0, 1.2, "deviation of log volatility over minutes and hours"),
    "bursts": Range(0, 10, "how much livelier prices are during a burst of news, whatever its direction"),
    "daily_shape": Range(0, 1.2, "log volatility at 15:00 UTC above that of the day"),
    "jumps_a_day": Range(0, 100, "jumps of an asset a day, a third of them of the whole market"),
    "jump_size": Range(0, 10, "mean size of a jump, in deviations of a day"),
    "tick": Range(0, 10_000, "multiple of the usual tick of each asset; 0: as fine as prices are written"),
    "rests_a_day": Range(0, 2, "times a day that a market's price rests, for 5 minutes to 6 hours"),
    "bad_ticks": Range(0, 1_000, "of 10,000 trades, how many are printed 1 to 30 % off"),
    "gaps_a_day": Range(0, 12, "times a day that a venue is down, for 6 to 40 minutes"),
}
"""What each setting but the link accepts."""


def parse_behaviour(text: str, *, link: float = 0.0) -> Behaviour:
    """Return the behaviour that ``NAME=NUMBER,...`` describes; what is not named keeps its default.

    Raises: BehaviourError.
    """
    changes = {"link": link}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, written = (each.strip() for each in part.partition("="))
        accepted = SETTINGS.get(name)
        if accepted is None:
            raise BehaviourError(f"{name!r} is no setting of the market; accepted: {', '.join(SETTINGS)}")
        try:
            number = float(written)
        except ValueError:
            number = float("nan")
        if not accepted.at_least <= number <= accepted.at_most:
            raise BehaviourError(
                f"{name}: {written!r} is not a number from {accepted.at_least:g} to {accepted.at_most:g}"
            )
        changes[name] = number
    return Behaviour(**changes)
