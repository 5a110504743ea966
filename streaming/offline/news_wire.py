"""News of all outlets: one text in each slot of time, a function of seed and slot alone."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from lakehouse.time_range import SECOND_US
from streaming.feed.market import ASSETS
from streaming.feed.noise import child_keys, root_key, uniform
from streaming.offline.texts import read_texts

_ASSET_SHARES = {"btc": 30, "eth": 20, "sol": 12, "xrp": 10, "ada": 7, "doge": 8, "dot": 6, "link": 7}


@dataclass(frozen=True, slots=True)
class Outlet:
    """A publisher, its language and its share of all texts."""

    source: str
    title: str
    language: str
    share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One published text. ``symbol`` is None where it is about no asset."""

    guid: str
    outlet: str
    time_us: int
    symbol: str | None
    direction: int
    title: str
    summary: str
    url: str


OUTLETS = {
    outlet.source: outlet
    for outlet in (
        Outlet("chainwire", "Chainwire", "en", 30),
        Outlet("ledgerdaily", "Ledger Daily", "en", 22),
        Outlet("tradersforum", "Traders' Forum", "en", 18),
        Outlet("journaldubloc", "Le Journal du bloc", "fr", 18),
        Outlet("cryptohebdo", "Crypto Hebdo", "fr", 12),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsWire:
    """News of all outlets: a text every ``every_seconds`` on average, at whole seconds, RSS's precision."""

    seed: int
    every_seconds: int

    def between(self, from_us: int, until_us: int) -> list[News]:
        """Return what is published in [from_us, until_us), in the order of time."""
        slot_us = self.every_seconds * SECOND_US
        slots = range(from_us // slot_us, (until_us - 1) // slot_us + 1)
        published = (_news_of_slot(self.seed, self.every_seconds, slot) for slot in slots)
        return [news for news in published if from_us <= news.time_us < until_us]


@lru_cache(maxsize=65_536)
def _news_of_slot(seed: int, every_seconds: int, slot: int) -> News:
    key = child_keys(root_key(seed, "offline news", str(every_seconds)), slot)
    draws = [float(uniform(key, purpose)[0]) for purpose in range(6)]
    outlet = OUTLETS[_select(draws[0], tuple(OUTLETS), tuple(each.share for each in OUTLETS.values()))]
    texts = read_texts(outlet.language)
    text = texts[int(draws[1] * len(texts))]
    asset = ASSETS[_select(draws[2], tuple(_ASSET_SHARES), tuple(_ASSET_SHARES.values()))]
    guid = f"{seed}-{every_seconds}-{slot}"
    places = {
        "name": asset.name,
        "ticker": asset.symbol.upper(),
        "percent": str(2 + int(draws[3] * 17)),
        "count": str(12 + int(draws[4] * 880)),
    }
    return News(
        guid=guid,
        outlet=outlet.source,
        time_us=(slot * every_seconds + int(draws[5] * every_seconds)) * SECOND_US,
        symbol=asset.symbol if text.is_about_an_asset else None,
        direction=text.direction,
        title=text.title.format(**places),
        summary=text.summary.format(**places),
        url=f"https://{outlet.source}.example/{guid}",
    )


def _select(draw: float, names: Sequence[str], shares: Sequence[int]) -> str:
    """Return one of the names, each as often as its share says."""
    ends = list(accumulate(shares))
    return names[bisect_right(ends, draw * ends[-1])]
