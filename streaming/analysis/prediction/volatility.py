"""Volatility of one market: levels of variance over several half-lives, free of season and of bad ticks."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from streaming.analysis.prediction.features import MAX_FILLED_MINUTES, Vector
from streaming.analysis.prediction.season import TimeOfDaySeason

HALF_LIVES_MINUTES = (3, 10, 30, 60, 120, 240, 1_440, 4_320, 10_080, 14_400, 43_200)
RETURN_MINUTES = 5
LONG_RUN = HALF_LIVES_MINUTES.index(10_080)
REST_MINUTES = 60
"""A price that has not moved for so long teaches nothing: its market is closed, or its source repeats itself."""
READY_SQUARES = 60
MAX_STALE_MINUTES = 60
RETURN_AFTER_GAP_MINUTES = 15

_CLIP = HALF_LIVES_MINUTES.index(120)
_MAX_DEVIATIONS = 8.0
_JUMP_DEVIATIONS = 10.0
_BAD_TICK_MINUTES = 3
_REVERSAL = 0.3
_LEAST_VARIANCE = 1e-14
_LEARNING_RATES = 1.0 - 0.5 ** (1.0 / np.array(HALF_LIVES_MINUTES, dtype=np.float64))


@dataclass(slots=True, eq=False)
class _Levels:
    """Exponentially weighted means of squares per minute, without season; their weights correct a young mean."""

    sums: Vector = field(default_factory=lambda: np.zeros(len(HALF_LIVES_MINUTES)))
    weights: Vector = field(default_factory=lambda: np.zeros(len(HALF_LIVES_MINUTES)))
    n_squares: int = 0
    realised: float = 0.0
    """Sum of all squares, so that the realised variance of a time is a difference of two readings."""

    def copy(self) -> _Levels:
        return _Levels(self.sums.copy(), self.weights.copy(), self.n_squares, self.realised)

    def add(self, square: float) -> None:
        self.weights += _LEARNING_RATES * (1.0 - self.weights)
        self.sums += _LEARNING_RATES * (square - self.sums)
        self.n_squares += 1

    def variance(self, at: int) -> float:
        """Return the variance of a minute for one half-life."""
        if self.n_squares == 0:
            return _LEAST_VARIANCE
        return max(float(self.sums[at] / self.weights[at]), _LEAST_VARIANCE)


@dataclass(frozen=True, slots=True, eq=False)
class _BeforeJump:
    """State before a move that may turn out to be a bad tick."""

    log_price: float
    jump: float
    logs: tuple[float, ...]
    levels: _Levels
    minute: int


@dataclass(slots=True, eq=False)
class Reading:
    """Volatility at the end of a minute: logarithms of the levels in the order of HALF_LIVES_MINUTES, and more.

    ``long_run`` is the variance of a minute over the last week or so, ``realised`` the sum of all squares,
    ``stale_minutes`` those of a gap that no later price makes up for, ``half_tick`` half of the smallest move so far
    as a log return (0 where the price never moved).
    """

    log_variances: Vector
    long_run: float
    realised: float
    stale_minutes: int
    half_tick: float


@dataclass(slots=True, eq=False)
class Volatility:
    """Levels of the variance of a one-minute log return, from the squares of five-minute returns, each minute one.

    A square counts at most _MAX_DEVIATIONS deviations. A jump that is taken back within _BAD_TICK_MINUTES was a bad
    tick and is undone. No return over a gap enters, and nothing while the price rests. Bounded state, no clock.
    Source of the idea: Corsi 2009, "A simple approximate long-memory model of realized volatility" (HAR).
    """

    season: TimeOfDaySeason = field(default_factory=TimeOfDaySeason)
    _levels: _Levels = field(default_factory=_Levels)
    _logs: deque[float] = field(default_factory=lambda: deque(maxlen=RETURN_MINUTES + 1))
    _before_jump: _BeforeJump | None = None
    _last_minute: int | None = None
    _rested_minutes: int = 0
    _tick: float = math.inf
    _gap_minutes: int = 0
    _minutes_since_gap: int = 0

    def restart(self) -> None:
        """Forget the prices, which the next one does not continue: another market's, or of hours ago. Levels stay."""
        self._logs.clear()
        self._before_jump, self._last_minute, self._rested_minutes = None, None, 0
        self._tick = math.inf
        self._gap_minutes, self._minutes_since_gap = MAX_STALE_MINUTES + 1, 0

    def add(self, minute: int, log_price: float) -> None:
        """Add the close of a minute of the epoch; minutes increase."""
        before, n_passed = self._last_minute, 1
        if before is not None:
            n_passed = minute - before
            if minute // 1_440 != before // 1_440:
                self.season.rebuild()
        self._last_minute = minute
        if n_passed > MAX_FILLED_MINUTES + 1:
            self._begin_after_gap(n_passed, log_price)
            return
        self._minutes_since_gap += n_passed
        for at in range(minute - n_passed + 1, minute):
            self._add_minute(at, self._logs[-1])
        self._add_minute(minute, log_price)

    @property
    def is_ready(self) -> bool:
        """Return whether an interval can be told: an hour of returns, and a short one after a long gap."""
        returns = (
            self._gap_minutes <= MAX_STALE_MINUTES or self._minutes_since_gap >= RETURN_AFTER_GAP_MINUTES
        )
        return returns and self._levels.n_squares >= READY_SQUARES

    @property
    def rests(self) -> bool:
        return self._rested_minutes >= REST_MINUTES

    @property
    def realised(self) -> float:
        """Return the sum of squares so far, season included: a difference of two is a realised variance."""
        return self._levels.realised

    def read(self) -> Reading:
        """Return the state as forecasts use it."""
        levels = self._levels
        variances = np.maximum(levels.sums / np.maximum(levels.weights, 1e-12), _LEAST_VARIANCE)
        is_short = self._gap_minutes <= MAX_STALE_MINUTES
        return Reading(
            log_variances=np.log(variances),
            long_run=float(variances[LONG_RUN]),
            realised=levels.realised,
            stale_minutes=max(0, self._gap_minutes - self._minutes_since_gap) if is_short else 0,
            half_tick=0.0 if math.isinf(self._tick) else self._tick / 2,
        )

    def _begin_after_gap(self, n_passed: int, log_price: float) -> None:
        self._logs.clear()
        self._logs.append(log_price)
        self._before_jump = None
        self._gap_minutes, self._minutes_since_gap, self._rested_minutes = n_passed, 0, 0

    def _add_minute(self, minute: int, log_price: float) -> None:
        if self._logs:
            self._undo_bad_tick(log_price)
            move = abs(log_price - self._logs[-1])
            self._note_move(minute, move, log_price)
        self._logs.append(log_price)
        self._add_square(minute)

    def _note_move(self, minute: int, move: float, log_price: float) -> None:
        if move == 0.0:
            self._rested_minutes += 1
            return
        self._rested_minutes = 0
        if move > 1e-12:
            self._tick = min(self._tick, move)
        levels = self._levels
        usual = math.sqrt(max(levels.variance(_CLIP), levels.variance(LONG_RUN)))
        if (
            levels.n_squares >= READY_SQUARES
            and self._before_jump is None
            and move > _JUMP_DEVIATIONS * usual
        ):
            before = self._logs[-1]
            self._before_jump = _BeforeJump(
                before, log_price - before, tuple(self._logs), levels.copy(), minute
            )

    def _undo_bad_tick(self, log_price: float) -> None:
        """Continue from before a recent jump that is taken back, as if the price had stayed."""
        jump = self._before_jump
        if jump is None or self._last_minute is None:
            return
        n_minutes = self._last_minute - jump.minute
        if n_minutes > _BAD_TICK_MINUTES:
            self._before_jump = None
        elif abs(log_price - jump.log_price) < _REVERSAL * abs(jump.jump):
            self._before_jump = None
            self._levels = jump.levels
            self._logs.clear()
            self._logs.extend(jump.logs)
            for minute in range(jump.minute, jump.minute + n_minutes):
                self._logs.append(jump.log_price)
                self._add_square(minute)

    def _add_square(self, minute: int) -> None:
        """Add the square of the return of the five minutes that end with this one."""
        if len(self._logs) <= RETURN_MINUTES or self.rests:
            return
        levels = self._levels
        log_return = self._logs[-1] - self._logs[0]
        square = log_return * log_return
        seasonal_minutes = self.season.minutes(minute - RETURN_MINUTES + 1, RETURN_MINUTES)
        variance = square / seasonal_minutes
        if levels.n_squares >= READY_SQUARES:
            usual = max(levels.variance(_CLIP), levels.variance(LONG_RUN))
            variance = min(variance, _MAX_DEVIATIONS * _MAX_DEVIATIONS * usual)
            if minute % RETURN_MINUTES == 0:
                relative = variance * seasonal_minutes / RETURN_MINUTES / levels.variance(LONG_RUN)
                self.season.add(minute, min(relative, 25.0 * seasonal_minutes / RETURN_MINUTES))
        levels.realised += variance * seasonal_minutes / RETURN_MINUTES
        levels.add(variance)
