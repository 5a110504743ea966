"""Budget of a run, checked before each rewrite, so that a rewrite that has begun is finished."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Budget:
    """Limits of seconds and of rewritten bytes; None is no limit. The clock starts with the object.

    >>> budget = Budget(max_bytes=100)
    >>> budget.spend(100); budget.is_spent
    True
    """

    max_seconds: float | None = None
    max_bytes: int | None = None
    clock: Callable[[], float] = time.monotonic
    spent_bytes: int = 0
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock()

    def spend(self, n_bytes: int) -> None:
        self.spent_bytes += n_bytes

    @property
    def is_spent(self) -> bool:
        out_of_time = self.max_seconds is not None and self.clock() - self._started >= self.max_seconds
        return out_of_time or (self.max_bytes is not None and self.spent_bytes >= self.max_bytes)
