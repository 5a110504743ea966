"""Stored state of one market: its cursor, held trades, and the intervals that its exchange did not deliver."""

import msgspec

from streaming.collect.exchanges.trade import Trade

MAX_GAPS = 1_000
_JOINED = "the oldest gaps, joined"


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """An interval of a market's history that the exchange did not deliver. ``n_missing`` is None where unknown."""

    after_time: str
    before_time: str
    n_missing: int | None
    cause: str
    noticed_time: str


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Where the next question goes while the exchange answers nothing new.

    ``from_ms``: where the next question begins, rather than just before the last trade. ``shown_ms``: a trade beyond
    the last that the exchange has shown. ``is_proven``: no instant was skipped on the way. ``asks_newest``,
    ``takes_newest``: the next question is for the newest trades, which are taken even where they prove a gap.
    ``is_id_lost``: the exchange no longer knows the last id.
    """

    from_ms: int | None = None
    shown_ms: int | None = None
    is_proven: bool = True
    asks_newest: bool = False
    takes_newest: bool = False
    is_id_lost: bool = False


class Cursor(msgspec.Struct, kw_only=True):
    """Progress through a market's trades: every one up to the last that the exchange gave is handled.

    ``start_ms`` is where the history begins, ``span_ms`` how much time a question with an end covers.
    ``recent_ids`` are of trades before it, ``ahead_ids`` of trades beyond it that an answer has shown: all are handled.
    ``counted_ms``: trades up to it have numbers of a count before the one of ``last_id``, which began anew.
    ``asks_newest_only``: the exchange called other questions invalid. A new process tries them again.
    """

    start_ms: int | None = None
    last_ms: int | None = None
    last_id: str | None = None
    counted_ms: int = 0
    recent_ids: dict[str, int] = msgspec.field(default_factory=dict)
    ahead_ids: dict[str, int] = msgspec.field(default_factory=dict)
    span_ms: int | None = None
    asks_newest_only: bool = False
    search: Search = Search()


class MarketState(msgspec.Struct, kw_only=True):
    """State of one market. Trades before the cursor are in Kafka, refused with a record, or held.

    ``level`` is the last published price. ``held`` are trades at another level that wait for a confirmation.
    ``clock_offset_ms``: how far the exchange's clock is ahead of this machine's, where one of them is wrong.
    """

    cursor: Cursor = msgspec.field(default_factory=Cursor)
    level: float | None = None
    held: list[Trade] = msgspec.field(default_factory=list)
    refused_ids: list[str] = msgspec.field(default_factory=list)
    clock_offset_ms: int | None = None
    not_before_us: int = 0
    wait_seconds: float = 0.0
    n_failures: int = 0
    problem: str | None = None
    n_published: int = 0
    n_refused: int = 0
    gaps: list[Gap] = msgspec.field(default_factory=list)


def add_gap(gaps: list[Gap], gap: Gap) -> list[Gap]:
    """Return the gaps with one more; beyond MAX_GAPS the two oldest are joined, so that none is forgotten."""
    added = [*gaps, gap]
    if len(added) <= MAX_GAPS:
        return added
    first, second, *others = added
    counts = (first.n_missing, second.n_missing)
    joined = msgspec.structs.replace(
        second,
        after_time=min(first.after_time, second.after_time),
        before_time=max(first.before_time, second.before_time),
        n_missing=None if None in counts else sum(count or 0 for count in counts),
        cause=_JOINED,
    )
    return [joined, *others]
