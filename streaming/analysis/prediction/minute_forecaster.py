"""One asset's predictions from its messages in their one order: bars, features, models and intervals, step by step.

What is said of a minute depends on the messages that arrived before the minute was closed, and on nothing else.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from lakehouse.time_range import MINUTE_US
from streaming.analysis.prediction.arrivals import (
    PriceSeen,
    RecentIds,
    Seen,
    SentimentSeen,
)
from streaming.analysis.prediction.bars import Bar, BarBuilder
from streaming.analysis.prediction.conformal import AdaptiveInterval
from streaming.analysis.prediction.features import (
    MAX_FILLED_MINUTES,
    Deviation,
    PriceHistory,
    SentimentHistory,
)
from streaming.analysis.prediction.models import HORIZONS, MODEL_NAMES, Horizon, Known, Model, new_models

INTERVAL_MINUTES = 15
"""Minutes of prices without a gap before intervals are given again."""
MAX_REALISED_AGE_US = MAX_FILLED_MINUTES * MINUTE_US
ORIGINS_FROM_BEST = ("collected", "replay", "generated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One forecast. ``lower`` and ``upper`` are None until enough outcomes are known, and after a gap."""

    symbol: str
    made_us: int
    target_us: int
    horizon: str
    model: str
    base_price: float
    predicted_price: float
    lower: float | None
    upper: float | None
    quote: str
    origin: str


@dataclass(frozen=True, slots=True, eq=False)
class Awaited:
    """A forecast whose outcome will be learned from: what was known, and what each model said of it."""

    target_us: int
    log_base: float
    known: Known
    expected: tuple[float | None, ...]
    half_widths: tuple[float | None, ...]


@dataclass(slots=True)
class HorizonState:
    """Models, their intervals, and the forecasts that await their outcome, for one horizon."""

    horizon: Horizon
    deviation: Deviation
    models: dict[str, Model]
    intervals: dict[str, AdaptiveInterval]
    awaited: deque[Awaited] = field(default_factory=deque)

    @staticmethod
    def fresh(horizon: Horizon) -> HorizonState:
        return HorizonState(
            horizon,
            Deviation(horizon.deviation_half_life_minutes),
            new_models(horizon),
            {name: AdaptiveInterval(horizon.overlap) for name in MODEL_NAMES},
        )

    def mature(self, bar: Bar, before: Bar | None) -> None:
        """Learns from every forecast whose target the bar has reached; a target in a gap has no outcome."""
        while self.awaited and self.awaited[0].target_us <= bar.end_us:
            awaited = self.awaited.popleft()
            realised = bar if awaited.target_us == bar.end_us else before
            if realised is None or awaited.target_us - realised.close_us > MAX_REALISED_AGE_US:
                continue
            self._learn(awaited, math.log(realised.close) - awaited.log_base)

    def _learn(self, awaited: Awaited, log_return: float) -> None:
        for name, expected, half_width in zip(
            MODEL_NAMES, awaited.expected, awaited.half_widths, strict=True
        ):
            self.models[name].learn(awaited.known, log_return)
            if expected is not None:
                score = abs(log_return - expected) / awaited.known.deviation
                self.intervals[name].observe(score, issued=half_width)


@dataclass(slots=True)
class MinuteForecaster:
    """What is known of one symbol. Bounded: a day of awaited forecasts in steps, fixed windows, recent ids."""

    symbol: str
    _bars: BarBuilder = field(init=False)
    _recent: RecentIds = field(default_factory=RecentIds)
    _prices: PriceHistory = field(default_factory=PriceHistory)
    _sentiments: SentimentHistory = field(default_factory=SentimentHistory)
    _horizons: list[HorizonState] = field(
        default_factory=lambda: [HorizonState.fresh(horizon) for horizon in HORIZONS]
    )
    _last_bar: Bar | None = None
    _origin: str = ORIGINS_FROM_BEST[0]

    def __post_init__(self) -> None:
        self._bars = BarBuilder(self.symbol)

    def take(self, seen: Seen) -> Iterator[Prediction]:
        """Takes the next message; gives the predictions of the minute that it closes, if it closes one."""
        if isinstance(seen, PriceSeen):
            bar = self._bars.take(seen)
            if bar is not None:
                yield from self._close(bar)
        elif self._recent.is_new(seen.message_id):
            self._note_origin(seen)
            self._sentiments.take(seen)

    def _close(self, bar: Bar) -> Iterator[Prediction]:
        self._note_origin(bar)
        before = self._last_bar
        if before is not None and before.market != bar.market:
            self._restart()
            before = None
        for state in self._horizons:
            state.mature(bar, before)
        step = self._prices.take(bar)
        if step is not None:
            for state in self._horizons:
                state.deviation.take(*step)
        self._last_bar = bar
        if step is not None:
            yield from self._predict(bar)

    def _restart(self) -> None:
        """Another market's prices do not go on from the last one's: what awaits an outcome gets none."""
        self._prices.restart()
        for state in self._horizons:
            state.awaited.clear()

    def _predict(self, bar: Bar) -> Iterator[Prediction]:
        sentiment = self._sentiments.features(bar.end_us)
        past = self._prices.features()
        features = None if past is None else np.array(past + sentiment)
        log_base = math.log(bar.close)
        for state in self._horizons:
            known = Known(
                state.horizon.minutes,
                state.deviation.value * math.sqrt(state.horizon.minutes),
                self._prices.mean_return,
                features,
            )
            expected = tuple(state.models[name].expect(known) for name in MODEL_NAMES)
            half_widths = self._half_widths(state)
            target_us = bar.end_us + state.horizon.minutes * MINUTE_US
            if bar.end_us // MINUTE_US % state.horizon.step_minutes == 0:
                state.awaited.append(Awaited(target_us, log_base, known, expected, half_widths))
            for name, log_return, half_width in zip(MODEL_NAMES, expected, half_widths, strict=True):
                if log_return is not None:
                    half = None if half_width is None else half_width * known.deviation
                    made = self._to_prediction(bar, state.horizon, name, log_return, half)
                    if made is not None:
                        yield made

    def _half_widths(self, state: HorizonState) -> tuple[float | None, ...]:
        if self._prices.n_minutes < INTERVAL_MINUTES:
            return (None,) * len(MODEL_NAMES)
        return tuple(state.intervals[name].half_width for name in MODEL_NAMES)

    def _to_prediction(
        self, bar: Bar, horizon: Horizon, model: str, log_return: float, half: float | None
    ) -> Prediction | None:
        """None where the numbers leave what a price can be."""
        base, lower, upper = bar.close, None, None
        try:
            predicted = base * math.exp(log_return)
            if half is not None:
                lower, upper = base * math.exp(log_return - half), base * math.exp(log_return + half)
        except OverflowError:
            return None
        if not 0 < predicted < math.inf or upper == math.inf:
            return None
        return Prediction(
            symbol=self.symbol,
            made_us=bar.end_us,
            target_us=bar.end_us + horizon.minutes * MINUTE_US,
            horizon=horizon.name,
            model=model,
            base_price=base,
            predicted_price=predicted,
            lower=lower,
            upper=upper,
            quote=bar.market.quote,
            origin=self._origin,
        )

    def _note_origin(self, seen: Bar | SentimentSeen) -> None:
        """A forecast is of the worst origin that its state has taken in: learned weights do not forget."""
        if ORIGINS_FROM_BEST.index(seen.origin) > ORIGINS_FROM_BEST.index(self._origin):
            self._origin = seen.origin
