"""References of forecasts, from past returns alone: constant volatility, and an average of recent squares."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from lakehouse.scores.calibration import Booleans
from lakehouse.scores.distribution_score import CONSTANT_VOLATILITY, EWMA
from lakehouse.scores.quantiles import Floats
from lakehouse.scores.statistics import Integers, pick_non_overlapping
from lakehouse.time_range import HOUR_US

RISK_METRICS_DECAY = 0.94
"""Source: RiskMetrics technical document 1996: decay a period, here a horizon."""
MIN_RETURNS = 288
"""Returns before which a reference knows too little: a day of five minutes."""
JUMP_DEVIATIONS, AFTER_JUMP_US = 6.0, HOUR_US // 2


@dataclass(frozen=True, slots=True, eq=False)
class PastReturns:
    """Log returns of a market that do not overlap, each of ``step_us``, ascending in the time that they end."""

    ends_us: Integers
    returns: Floats
    step_us: int

    @staticmethod
    def of(ends_us: Integers, returns: Floats, step_us: int) -> "PastReturns":
        """Return those of forecasts that do not overlap; ``ends_us`` ascend."""
        apart = pick_non_overlapping(ends_us, step_us)
        return PastReturns(ends_us[apart], returns[apart], step_us)

    def deviations(self, made_us: Integers, horizon_us: int) -> dict[str, Floats]:
        """Return what each reference says at instants of the deviation over a horizon; NaN before MIN_RETURNS."""
        n_known = np.searchsorted(self.ends_us, made_us, side="right")
        squares = self.returns**2
        counts = np.arange(1, len(squares) + 1)
        decay = RISK_METRICS_DECAY ** (self.step_us / horizon_us)
        weights = lfilter([1.0], [1.0, -decay], np.ones(len(squares)))
        means = {
            CONSTANT_VOLATILITY: np.cumsum(squares) / counts,
            EWMA: lfilter([1.0], [1.0, -decay], squares) / weights,
        }
        enough = n_known >= MIN_RETURNS
        n_steps = horizon_us / self.step_us
        found: dict[str, Floats] = {}
        for name, variances in means.items():
            deviations = np.full(len(made_us), np.nan)
            deviations[enough] = np.sqrt(variances[n_known[enough] - 1] * n_steps)
            found[name] = deviations
        return found

    def after_jump(self, made_us: Integers) -> Booleans:
        """Return whether an instant is within AFTER_JUMP_US of a return of over JUMP_DEVIATIONS, known by then."""
        constant = self.deviations(self.ends_us - self.step_us, self.step_us)[CONSTANT_VOLATILITY]
        jumps_us = self.ends_us[np.abs(self.returns) > JUMP_DEVIATIONS * np.nan_to_num(constant, nan=np.inf)]
        n_before = np.searchsorted(jumps_us, made_us, side="right")
        last_us = np.concatenate(([np.iinfo(np.int64).min // 2], jumps_us))[n_before]
        after: Booleans = made_us - last_us < AFTER_JUMP_US
        return after
