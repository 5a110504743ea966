"""Check of a file of sources without collecting: every profile, and on request the exchanges' lists of markets."""

from collections.abc import Callable
from pathlib import Path

from streaming.collect.errors import CollectError, SourceConfigError
from streaming.collect.exchanges.client import ExchangeClient
from streaming.collect.source import OFFLINE, ExchangeSource, Profile, read_profile, read_profiles


def check_sources(
    path: Path,
    name: str | None,
    *,
    asks_exchanges: bool,
    offline_url_path: Path,
    report: Callable[[str], None],
) -> list[str]:
    """Return what cannot work in a file of sources, and report a line about each profile and exchange that can."""
    try:
        names = list(read_profiles(path, name))
    except SourceConfigError as error:
        return [str(error)]
    url = offline_url_path.read_text(encoding="utf-8").strip() if offline_url_path.exists() else OFFLINE
    problems: list[str] = []
    for each in names:
        profile = read_profile(path, each, offline_url=url)
        report(f"{each}: {len(profile.news)} feeds, {_count_markets(profile)} markets")
        if asks_exchanges:
            problems += [problem for source in profile.prices for problem in _check_markets(source, report)]
    return problems


def _check_markets(source: ExchangeSource, report: Callable[[str], None]) -> list[str]:
    """Ask an exchange for its markets; whatever it answers is its own problem."""
    if source.url is not None and OFFLINE in source.url:
        return [f"{source.venue}: the offline server has not written its address; start it"]
    client = ExchangeClient(source)
    problems = []
    for market in source.markets:
        try:
            client.check_symbol(market.symbol)
        except CollectError as error:
            problems.append(f"{source.venue}: {error}")
        else:
            report(f"{source.venue}: {market.symbol} is published as {market.base}/{market.quote}")
    return problems


def _count_markets(profile: Profile) -> int:
    return sum(len(source.markets) for source in profile.prices)
