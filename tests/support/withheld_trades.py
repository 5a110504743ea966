"""Trades that an exchange never gives: some alone, some ten at a time, chosen by a seed."""

import random
from dataclasses import dataclass

ALONE, TEN = 0.004, 0.002


@dataclass(frozen=True, slots=True)
class WithheldTrades:
    """Numbers that are withheld in every market."""

    seed: int

    def __call__(self, number: int) -> bool:
        return (
            random.Random(f"{self.seed} {number}").random() < ALONE
            or random.Random(f"{self.seed} ten {number // 10}").random() < TEN
        )
