"""Trades that an exchange never gives: some alone, some ten at a time, chosen by a seed."""

import random
from dataclasses import dataclass
from functools import lru_cache

ALONE, TEN = 0.004, 0.002


@lru_cache(maxsize=1_000_000)
def _draw(seed: int, what: str) -> float:
    return random.Random(f"{seed} {what}").random()


@dataclass(frozen=True, slots=True)
class WithheldTrades:
    """Numbers that are withheld in every market."""

    seed: int

    def __call__(self, number: int) -> bool:
        return _draw(self.seed, str(number)) < ALONE or _draw(self.seed, f"ten {number // 10}") < TEN
