"""Stored state of one market: its last trade, recent ids, and the intervals that its exchange did not deliver."""

import msgspec

MAX_GAPS = 1_000


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """An interval of a market's history that the exchange did not deliver. ``n_missing`` is None where unknown."""

    after_time: str
    before_time: str
    n_missing: int | None
    cause: str
    noticed_time: str


class MarketState(msgspec.Struct, kw_only=True):
    """Progress of one market. Every trade up to ``last_ms`` that the exchange delivered is in Kafka."""

    last_ms: int | None = None
    last_id: str | None = None
    recent_ids: dict[str, int] = msgspec.field(default_factory=dict)
    n_failures: int = 0
    n_published: int = 0
    n_refused: int = 0
    gaps: list[Gap] = msgspec.field(default_factory=list)
