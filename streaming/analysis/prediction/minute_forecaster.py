"""Predictions of one asset from its ordered messages: bars, features, models and intervals, minute by minute.

The predictions of a minute depend only on the messages that arrived before the minute was closed.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from lakehouse.messages.contract_field import LEAST_MAGNITUDE, MOST_MAGNITUDE
from lakehouse.series.markets import DEFAULT_RULES, SymbolRules
from lakehouse.time_range import HOUR_US, MINUTE_US
from streaming.analysis.prediction.arrivals import (
    Observation,
    PriceObservation,
    RecentIds,
    SentimentObservation,
)
from streaming.analysis.prediction.bars import MAX_AHEAD_US, Bar, BarBuilder
from streaming.analysis.prediction.conformal import AdaptiveInterval
from streaming.analysis.prediction.features import (
    MAX_FILLED_MINUTES,
    Deviation,
    PriceHistory,
    SentimentHistory,
)
from streaming.analysis.prediction.models import HORIZONS, MODEL_NAMES, Horizon, Inputs, Model, new_models
from streaming.analysis.prediction.primary import PrimaryMarket

INTERVAL_MINUTES = 15
"""Minutes of prices without a gap before intervals are published again."""
MAX_SILENCE_US = HOUR_US
"""Silence over which a change of price is no return: it enters no volatility and no drift, and teaches no model."""
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
class PendingForecast:
    """A forecast without its outcome yet: the inputs, and what each model expected."""

    target_us: int
    log_base: float
    inputs: Inputs
    expected: tuple[float | None, ...]
    half_widths: tuple[float | None, ...]


@dataclass(slots=True)
class HorizonState:
    """Models, their intervals, and the pending forecasts, for one horizon."""

    horizon: Horizon
    deviation: Deviation
    models: dict[str, Model]
    intervals: dict[str, AdaptiveInterval]
    pending: deque[PendingForecast] = field(default_factory=deque)

    @staticmethod
    def new(horizon: Horizon) -> HorizonState:
        return HorizonState(
            horizon,
            Deviation(horizon.deviation_half_life_minutes),
            new_models(horizon),
            {name: AdaptiveInterval(horizon.overlap) for name in MODEL_NAMES},
        )

    def learn(self, bar: Bar, before: Bar | None) -> None:
        """Learn from every forecast whose target the bar has reached; a target in a gap has no outcome."""
        while self.pending and self.pending[0].target_us <= bar.end_us:
            pending = self.pending.popleft()
            realised = bar if pending.target_us == bar.end_us else before
            if realised is None or pending.target_us - realised.close_us > MAX_REALISED_AGE_US:
                continue
            self._learn(pending, math.log(realised.close) - pending.log_base)

    def _learn(self, pending: PendingForecast, log_return: float) -> None:
        for name, expected, half_width in zip(
            MODEL_NAMES, pending.expected, pending.half_widths, strict=True
        ):
            self.models[name].learn(pending.inputs, log_return)
            if expected is not None:
                score = abs(log_return - expected) / pending.inputs.deviation
                self.intervals[name].observe(score, published=half_width)


@dataclass(slots=True)
class MinuteForecaster:
    """State of one symbol. Bounded: a day of pending forecasts in steps, fixed windows, recent ids."""

    symbol: str
    rules: SymbolRules = DEFAULT_RULES.default
    _bars: BarBuilder = field(init=False)
    _recent: RecentIds = field(default_factory=RecentIds)
    _prices: PriceHistory = field(default_factory=PriceHistory)
    _sentiments: SentimentHistory = field(default_factory=SentimentHistory)
    _horizons: list[HorizonState] = field(
        default_factory=lambda: [HorizonState.new(horizon) for horizon in HORIZONS]
    )
    _last_bar: Bar | None = None
    _origin: str = ORIGINS_FROM_BEST[0]
    _asset_start_us: int = 0

    def __post_init__(self) -> None:
        self._bars = BarBuilder(PrimaryMarket(self.rules))

    def follow(self, rules: SymbolRules) -> None:
        """Follow other rules from here on: an operator may have changed the file."""
        self.rules = self._bars.primary.rules = rules
        starts_us = [asset.start_us for asset in rules.assets]
        self._asset_start_us = max(us for us in starts_us if us <= self._asset_start_us)

    def add(self, observation: Observation) -> Iterator[Prediction]:
        """Add the next message; yield the predictions of the minute that it closes, if any."""
        if isinstance(observation, PriceObservation):
            if self._is_of_asset(observation):
                bar = self._bars.add(observation)
                if bar is not None:
                    yield from self._close(bar)
        elif self._recent.is_new(observation.message_id):
            self._note_origin(observation)
            self._sentiments.add(observation)

    def _is_of_asset(self, price: PriceObservation) -> bool:
        """Return whether a price is of the newest asset that the symbol stands for; begin anew with its first."""
        asset = self.rules.asset_at(price.event_us)
        if asset.start_us > self._asset_start_us and price.event_us <= price.broker_us + MAX_AHEAD_US:
            self._begin_asset(asset.start_us)
        return asset.start_us == self._asset_start_us and asset.has(price.market)

    def _begin_asset(self, start_us: int) -> None:
        """Forget everything about what the symbol stood for before."""
        self._asset_start_us = start_us
        self._bars = BarBuilder(PrimaryMarket(self.rules))
        self._prices, self._sentiments = PriceHistory(), SentimentHistory()
        self._horizons = [HorizonState.new(horizon) for horizon in HORIZONS]
        self._last_bar, self._origin = None, ORIGINS_FROM_BEST[0]

    def _close(self, bar: Bar) -> Iterator[Prediction]:
        self._note_origin(bar)
        before = self._last_bar
        if before is not None and not _continues(bar, before):
            self._restart()
            before = None
        for state in self._horizons:
            state.learn(bar, before)
        step = self._prices.add(bar)
        if step is not None:
            for state in self._horizons:
                state.deviation.add(*step)
        self._last_bar = bar
        if step is not None:
            yield from self._predict(bar)

    def _restart(self) -> None:
        """Forget prices and pending forecasts; volatility, drift and what models learned stay."""
        self._prices.restart()
        for state in self._horizons:
            state.pending.clear()

    def _predict(self, bar: Bar) -> Iterator[Prediction]:
        sentiment = self._sentiments.features(bar.end_us)
        past = self._prices.features()
        features = None if past is None else np.array(past + sentiment)
        log_base = math.log(bar.close)
        for state in self._horizons:
            inputs = Inputs(
                state.horizon.minutes,
                state.deviation.value * math.sqrt(state.horizon.minutes),
                self._prices.mean_return,
                features,
            )
            expected = tuple(state.models[name].expect(inputs) for name in MODEL_NAMES)
            half_widths = self._half_widths(state)
            target_us = bar.end_us + state.horizon.minutes * MINUTE_US
            if bar.end_us // MINUTE_US % state.horizon.step_minutes == 0:
                state.pending.append(PendingForecast(target_us, log_base, inputs, expected, half_widths))
            for name, log_return, half_width in zip(MODEL_NAMES, expected, half_widths, strict=True):
                if log_return is not None:
                    half = None if half_width is None else half_width * inputs.deviation
                    prediction = self._to_prediction(bar, state.horizon, name, log_return, half)
                    if prediction is not None:
                        yield prediction

    def _half_widths(self, state: HorizonState) -> tuple[float | None, ...]:
        if self._prices.n_minutes < INTERVAL_MINUTES:
            return (None,) * len(MODEL_NAMES)
        return tuple(state.intervals[name].half_width for name in MODEL_NAMES)

    def _to_prediction(
        self, bar: Bar, horizon: Horizon, model: str, log_return: float, half: float | None
    ) -> Prediction | None:
        """Return the prediction; None where a number is no valid price."""
        base, lower, upper = bar.close, None, None
        try:
            predicted = base * math.exp(log_return)
            if half is not None:
                lower, upper = base * math.exp(log_return - half), base * math.exp(log_return + half)
        except OverflowError:
            return None
        if not all(_is_valid(price) for price in (base, predicted, lower, upper)):
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

    def _note_origin(self, source: Bar | SentimentObservation) -> None:
        """Set the worst origin of all inputs so far, since learned weights never lose them."""
        if ORIGINS_FROM_BEST.index(source.origin) > ORIGINS_FROM_BEST.index(self._origin):
            self._origin = source.origin


def _continues(bar: Bar, before: Bar) -> bool:
    """Return whether the step from one bar to the next is a return: one of the same market, over no long silence."""
    return bar.market == before.market and bar.close_us - before.close_us <= MAX_SILENCE_US


def _is_valid(price: float | None) -> bool:
    return price is None or LEAST_MAGNITUDE <= price <= MOST_MAGNITUDE
