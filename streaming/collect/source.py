"""Sources of the collectors: feeds and markets, read from a TOML file of profiles."""

import re
import tomllib
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec

from lakehouse.messages.contract import MAX_EVENT_AGE, NAME_PATTERN, RAW_PRICE, SOURCE_PATTERN, whole_text
from lakehouse.messages.fields import RuleViolationError, check_string
from lakehouse.process.suggestions import did_you_mean
from streaming.collect.errors import SourceConfigError

BUNDLED_SOURCES = Path(__file__).parent / "sources.toml"
DEFAULT_PROFILE = "offline"
OFFLINE = "{offline}"
URL_FILE = "url"
"""File in the offline server's folder with its address, which stands for OFFLINE in a file of sources."""

TIMEOUT_SECONDS = 20.0
MAX_FEED_BYTES = 4_000_000

_UNSENDABLE = re.compile(r"[\s\x00-\x1f\x7f]|^\w+://[^/]*\][^:/]")

Origin = Literal["collected", "generated"]
# A wait that no clock can hold, or that makes a loop without a pause, would end the collector.
Seconds = Annotated[float, msgspec.Meta(ge=0.01, le=366 * 86_400)]
Url = Annotated[str, msgspec.Meta(pattern="^(https?://|\\{offline\\}/)", max_length=2_000)]


class NewsSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One feed. ``source`` is its slug: the key of its messages.

    ``private``: its address, and where it redirects to, may be one of the own network.
    """

    source: Annotated[str, msgspec.Meta(pattern=whole_text(SOURCE_PATTERN))]
    url: Url
    origin: Origin = "collected"
    poll_seconds: Seconds = 300.0
    timeout_seconds: Seconds = TIMEOUT_SECONDS
    max_bytes: Annotated[int, msgspec.Meta(ge=100, le=1_000_000_000)] = MAX_FEED_BYTES
    private: bool = False


class MarketSymbol(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A market with names of its own: ccxt's ``symbol``, published as ``base`` and ``quote``."""

    symbol: str
    base: str | None = None
    quote: str | None = None


class Market(NamedTuple):
    """One market: ccxt's symbol, and base and quote as messages carry them."""

    symbol: str
    base: str
    quote: str


class ExchangeSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Markets of one exchange: ``exchange`` is its name in ccxt, ``venue`` its name in the lake.

    ``consecutive_ids``: the trades of one market are numbered without holes, so that a missing one shows.
    Otherwise silence of ``gap_seconds`` counts as a gap. ``private``: as of a feed.
    """

    exchange: str
    venue: Annotated[str, msgspec.Meta(pattern=whole_text(NAME_PATTERN))]
    symbols: Annotated[tuple[str | MarketSymbol, ...], msgspec.Meta(min_length=1)]
    url: Url | None = None
    origin: Origin = "collected"
    poll_seconds: Seconds = 10.0
    timeout_seconds: Seconds = TIMEOUT_SECONDS
    request_ms: Annotated[int, msgspec.Meta(ge=0, le=3_600_000)] | None = None
    history_days: Annotated[float, msgspec.Meta(ge=0, le=MAX_EVENT_AGE.days - 1)] = 7.0
    gap_seconds: Seconds = 900.0
    consecutive_ids: bool = False
    private: bool = False

    @property
    def markets(self) -> tuple[Market, ...]:
        """Markets of the symbols. Raises: ValueError, which says what is accepted."""
        return tuple(to_market(symbol) for symbol in self.symbols)


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Feeds and markets of one profile."""

    news: tuple[NewsSource, ...] = ()
    prices: tuple[ExchangeSource, ...] = ()


def to_market(given: str | MarketSymbol) -> Market:
    """Return the market of a symbol, with its names as the message contract accepts them.

    Raises: ValueError, which says what is accepted.

    >>> to_market("BTC/USD")
    Market(symbol='BTC/USD', base='btc', quote='usd')
    """
    named = MarketSymbol(symbol=given) if isinstance(given, str) else given
    codes = named.symbol.split("/")
    if ":" in named.symbol or len(codes) != 2 or not all(codes):
        kind = "a derivative" if ":" in named.symbol else "no market"
        raise ValueError(f"{named.symbol!r} is {kind}; a spot market such as BTC/USD is accepted")
    names = {}
    for field, own, code in (("base", named.base, codes[0]), ("quote", named.quote, codes[1])):
        names[field] = code.lower() if own is None else own
        try:
            check_string(RAW_PRICE.field(field), names[field])
        except RuleViolationError as error:
            hint = f'; name it: {{symbol = "{named.symbol}", {field} = "..."}}' if own is None else ""
            raise ValueError(f"{error}{hint}") from error
    return Market(named.symbol, names["base"], names["quote"])


def read_profile(path: Path, name: str, *, offline_url: str | None) -> Profile:
    """Return one profile of a file of sources, its addresses complete. Raises: SourceConfigError."""
    profile = read_profiles(path, name)[name]
    url = offline_url or ""
    replace = msgspec.structs.replace
    return Profile(
        news=tuple(replace(each, url=each.url.replace(OFFLINE, url)) for each in profile.news),
        prices=tuple(
            replace(each, url=each.url and each.url.replace(OFFLINE, url)) for each in profile.prices
        ),
    )


def read_profiles(path: Path, name: str | None = None) -> dict[str, Profile]:
    """Return every profile of a file of sources, or the one of that name. Raises: SourceConfigError."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceConfigError(path, str(error)) from error
    if name is None and not tables:
        raise SourceConfigError(path, "it has no profile; accepted: tables such as [[mine.news]]")
    if name is not None and name not in tables:
        raise SourceConfigError(
            path,
            f"there is no profile {name}{did_you_mean(name, tables)}; there are {', '.join(sorted(tables))}",
        )
    return {each: _to_profile(path, each, tables[each]) for each in tables if name in (None, each)}


def _to_profile(path: Path, name: str, table: Any) -> Profile:
    try:
        profile = msgspec.convert(table, Profile)
    except msgspec.ValidationError as error:
        raise SourceConfigError(path, f"profile {name}: {error}{_field_hint(str(error))}") from error
    _check_names(path, name, profile)
    checks = [(f"news[{at}]", partial(_check_url, feed.url)) for at, feed in enumerate(profile.news)]
    checks += [(f"prices[{at}]", partial(_check_exchange, each)) for at, each in enumerate(profile.prices)]
    for place, check in checks:
        try:
            check()
        except ValueError as error:
            raise SourceConfigError(path, f"profile {name}: {error} - at `$.{place}`") from error
    return profile


def needs_offline(path: Path, name: str) -> bool:
    """Return true where the profile reads from the offline server. Raises: SourceConfigError."""
    profile = read_profile(path, name, offline_url=OFFLINE)
    urls = (*(feed.url for feed in profile.news), *(each.url or "" for each in profile.prices))
    return any(OFFLINE in url for url in urls)


def _check_url(url: str) -> None:
    """Check that an address can be requested. Raises: ValueError, which says what is accepted."""
    try:
        parts = urlsplit(url.replace(OFFLINE, "http://127.0.0.1:1", 1))
        host = (parts.hostname or "").rstrip(".")
        has_port = parts.port is None or parts.port > 0
        is_address = bool(host) and has_port and _UNSENDABLE.search(url) is None
        _ = host if ":" in host else host.encode("idna")
    except ValueError:
        is_address = False
    if not is_address:
        raise ValueError(f"{url!r} is no address; https://host/path is accepted, and {OFFLINE}/path")


def _check_exchange(source: ExchangeSource) -> None:
    """Check what types cannot say. Raises: ValueError."""
    import ccxt  # takes a second, which `--help` does not need

    if source.url is not None:
        _check_url(source.url)

    if source.exchange not in ccxt.exchanges:
        near = did_you_mean(source.exchange, ccxt.exchanges)
        raise ValueError(f"ccxt knows no exchange {source.exchange!r}{near}")
    abilities = getattr(ccxt, source.exchange)().has
    if not abilities.get("fetchTrades") or abilities.get("spot") is False:
        raise ValueError(
            f"ccxt reads no public spot trades of {source.exchange!r}; an exchange with fetchTrades is accepted"
        )
    names = [f"{market.base}/{market.quote}" for market in source.markets]
    repeated = sorted({each for each in names if names.count(each) > 1})
    if repeated:
        raise ValueError(f"{source.venue} names twice: {', '.join(repeated)}")


def _field_hint(problem: str) -> str:
    """Return which field a misspelt one may mean, for an error that names an unknown one."""
    unknown = re.search("unknown field `(.*?)`", problem)
    if unknown is None:
        return ""
    kind = {"news": NewsSource, "prices": ExchangeSource}.get(
        (re.findall(r"\$\.(news|prices)", problem) or [""])[0]
    )
    return did_you_mean(unknown[1], (kind or Profile).__struct_fields__)


def _check_names(path: Path, name: str, profile: Profile) -> None:
    names = [feed.source for feed in profile.news]
    names += [f"venue {each.venue}" for each in profile.prices]
    repeated = {each for each in names if names.count(each) > 1}
    if repeated:
        raise SourceConfigError(path, f"profile {name} names twice: {', '.join(sorted(repeated))}")
