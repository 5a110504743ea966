"""Sources of the collectors: feeds and markets, read from a TOML file of profiles."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from lakehouse.messages.contract import MAX_EVENT_AGE, NAME_PATTERN, SOURCE_PATTERN
from streaming.collect.errors import SourceConfigError

BUNDLED_SOURCES = Path(__file__).parent / "sources.toml"
DEFAULT_PROFILE = "offline"
OFFLINE = "{offline}"

Origin = Literal["collected", "generated"]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Url = Annotated[str, msgspec.Meta(pattern="^(https?://|\\{offline\\}/)")]


class NewsSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One feed. ``source`` is its slug: the key of its messages."""

    source: Annotated[str, msgspec.Meta(pattern=SOURCE_PATTERN)]
    url: Url
    origin: Origin = "collected"
    poll_seconds: Seconds = 300.0
    timeout_seconds: Seconds = 20.0
    max_bytes: Annotated[int, msgspec.Meta(gt=0)] = 4_000_000


class ExchangeSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Markets of one exchange: ``exchange`` is its name in ccxt, ``venue`` its name in the lake.

    ``consecutive_ids``: the trades of one market are numbered without holes, so that a missing one shows.
    Otherwise silence of ``gap_seconds`` counts as a gap.
    """

    exchange: str
    venue: Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]
    symbols: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    url: Url | None = None
    origin: Origin = "collected"
    poll_seconds: Seconds = 10.0
    timeout_seconds: Seconds = 20.0
    request_ms: Annotated[int, msgspec.Meta(ge=0)] | None = None
    history_days: Annotated[float, msgspec.Meta(ge=0, le=MAX_EVENT_AGE.days - 1)] = 7.0
    gap_seconds: Seconds = 900.0
    consecutive_ids: bool = False


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Feeds and markets of one profile."""

    news: tuple[NewsSource, ...] = ()
    prices: tuple[ExchangeSource, ...] = ()


def read_profile(path: Path, name: str, *, offline_url: str | None) -> Profile:
    """Return one profile of a file of sources, its addresses complete. Raises: SourceConfigError."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceConfigError(path, str(error)) from error
    if name not in tables:
        raise SourceConfigError(path, f"there is no profile {name}; there are {', '.join(sorted(tables))}")
    try:
        profile = msgspec.convert(tables[name], Profile)
    except msgspec.ValidationError as error:
        raise SourceConfigError(path, f"profile {name}: {error}") from error
    _check_names(path, name, profile)
    url = offline_url or ""
    replace = msgspec.structs.replace
    return Profile(
        news=tuple(replace(each, url=each.url.replace(OFFLINE, url)) for each in profile.news),
        prices=tuple(
            replace(each, url=each.url and each.url.replace(OFFLINE, url)) for each in profile.prices
        ),
    )


def needs_offline(path: Path, name: str) -> bool:
    """Return true where the profile reads from the offline server. Raises: SourceConfigError."""
    profile = read_profile(path, name, offline_url=OFFLINE)
    urls = (*(feed.url for feed in profile.news), *(each.url or "" for each in profile.prices))
    return any(OFFLINE in url for url in urls)


def _check_names(path: Path, name: str, profile: Profile) -> None:
    names = [feed.source for feed in profile.news]
    names += [f"{each.venue} {symbol}" for each in profile.prices for symbol in each.symbols]
    repeated = {each for each in names if names.count(each) > 1}
    if repeated:
        raise SourceConfigError(path, f"profile {name} names twice: {', '.join(sorted(repeated))}")
