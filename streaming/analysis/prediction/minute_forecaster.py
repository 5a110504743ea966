"""Predictions of one asset from its ordered messages, minute by minute: bars, volatility, models, distributions.

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
from lakehouse.time_range import DAY_US, HOUR_US, MINUTE_US
from streaming.analysis.prediction.arrivals import (
    Observation,
    PriceObservation,
    RecentIds,
    SentimentObservation,
)
from streaming.analysis.prediction.bars import MAX_AHEAD_US, Bar, BarBuilder
from streaming.analysis.prediction.distribution import MoveDistribution, Spread
from streaming.analysis.prediction.features import (
    MAX_FILLED_MINUTES,
    PriceHistory,
    SentimentHistory,
    Vector,
)
from streaming.analysis.prediction.har_scale import HarScale
from streaming.analysis.prediction.models import HORIZONS, Horizon, Inputs, Model, new_models
from streaming.analysis.prediction.primary import PrimaryMarket
from streaming.analysis.prediction.volatility import RETURN_MINUTES, Reading, Volatility

MAX_SILENCE_US = HOUR_US
"""Silence over which a change of price is no return: it enters no volatility and teaches no model."""
MAX_REALISED_AGE_US = MAX_FILLED_MINUTES * MINUTE_US
ORIGINS_FROM_BEST = ("collected", "replay", "generated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One forecast: ``lower``, ``upper`` and ``deviation`` are None in a market's first hour, and after a long gap.

    ``deviation`` is the scale of the log return around what the model expects.
    """

    symbol: str
    made_us: int
    target_us: int
    horizon: str
    model: str
    base_price: float
    predicted_price: float
    lower: float | None
    upper: float | None
    deviation: float | None
    quote: str
    origin: str


@dataclass(frozen=True, slots=True, eq=False)
class ScaleInputs:
    """Inputs of the scale: levels of volatility, minutes weighted by season, and the sum of squares so far."""

    levels: Vector
    seasonal_minutes: float
    realised: float


@dataclass(frozen=True, slots=True, eq=False)
class PendingForecast:
    """A forecast without its outcome yet: the inputs, and the half width that was published, in deviations."""

    target_us: int
    log_base: float
    inputs: Inputs
    scale_inputs: ScaleInputs
    half_width: float


@dataclass(slots=True)
class HorizonState:
    """Scale, distribution and models of one horizon, and its pending forecasts."""

    horizon: Horizon
    scale: HarScale
    distribution: MoveDistribution
    models: dict[str, Model]
    pending: deque[PendingForecast] = field(default_factory=deque)

    @staticmethod
    def new(horizon: Horizon) -> HorizonState:
        return HorizonState(
            horizon,
            HarScale(horizon.minutes, horizon.level_minutes, horizon.scale_days),
            MoveDistribution(horizon.n_moves, horizon.adaptation),
            new_models(horizon),
        )

    def inputs(self, reading: Reading, seasonal_minutes: float) -> tuple[float, ScaleInputs]:
        """Return the deviation of the return over the horizon, from now on, and what it was made of."""
        levels = self.scale.inputs(reading)
        deviation = self.scale.deviation(reading, levels, seasonal_minutes)
        return deviation, ScaleInputs(levels, seasonal_minutes, reading.realised)

    def learn(self, bar: Bar, before: Bar | None, volatility: Volatility) -> None:
        """Learn from every forecast whose target the bar has reached; a target in a gap has no outcome."""
        while self.pending and self.pending[0].target_us <= bar.end_us:
            pending = self.pending.popleft()
            realised = bar if pending.target_us == bar.end_us else before
            if realised is None or pending.target_us - realised.close_us > MAX_REALISED_AGE_US:
                continue
            self._learn(pending, math.log(realised.close) - pending.log_base, volatility)

    def _learn(self, pending: PendingForecast, log_return: float, volatility: Volatility) -> None:
        for model in self.models.values():
            model.learn(pending.inputs, log_return)
        if volatility.rests:
            return
        self.distribution.observe(abs(log_return) / pending.inputs.deviation, published=pending.half_width)
        # Realised variance sums squares that reach back over RETURN_MINUTES: too far at a horizon no longer than that.
        if self.horizon.minutes <= RETURN_MINUTES:
            realised = log_return * log_return
        else:
            realised = max(volatility.realised - pending.scale_inputs.realised, 0.0)
        self.scale.learn(pending.scale_inputs.levels, realised, pending.scale_inputs.seasonal_minutes)


@dataclass(slots=True)
class MinuteForecaster:
    """State of one symbol. Bounded: a day of pending forecasts in steps, fixed windows, recent ids."""

    symbol: str
    rules: SymbolRules = DEFAULT_RULES.default
    _bars: BarBuilder = field(init=False)
    _recent: RecentIds = field(default_factory=RecentIds)
    _prices: PriceHistory = field(default_factory=PriceHistory)
    _volatility: Volatility = field(default_factory=Volatility)
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

    def spread(self, horizon: str, deviation: float) -> Spread:
        """Return the whole distribution of which a prediction of the newest minute has one interval."""
        state = next(state for state in self._horizons if state.horizon.name == horizon)
        return state.distribution.spread(deviation)

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
        self._volatility = Volatility()
        self._horizons = [HorizonState.new(horizon) for horizon in HORIZONS]
        self._last_bar, self._origin = None, ORIGINS_FROM_BEST[0]

    def _close(self, bar: Bar) -> Iterator[Prediction]:
        self._note_origin(bar)
        before = self._last_bar
        if before is not None and not _continues(bar, before):
            self._restart()
            before = None
        minute = bar.end_us // MINUTE_US - 1
        if before is not None and before.end_us // DAY_US != bar.end_us // DAY_US:
            for state in self._horizons:
                state.scale.refit()
        self._volatility.add(minute, math.log(bar.close))
        self._prices.add(bar)
        for state in self._horizons:
            state.learn(bar, before, self._volatility)
        self._last_bar = bar
        if before is not None:
            yield from self._predict(bar, minute)

    def _restart(self) -> None:
        """Forget prices and pending forecasts; volatility and what models learned stay."""
        self._prices.restart()
        self._volatility.restart()
        for state in self._horizons:
            state.pending.clear()

    def _predict(self, bar: Bar, minute: int) -> Iterator[Prediction]:
        sentiment = self._sentiments.features(bar.end_us)
        has_news = self._sentiments.has_news(bar.end_us)
        past = self._prices.features()
        features = None if past is None else np.array(past + sentiment)
        volatility = self._volatility
        is_ready, reading = volatility.is_ready, volatility.read()
        for state in self._horizons:
            seasonal_minutes = volatility.season.minutes(minute + 1, state.horizon.minutes)
            deviation, scale_inputs = state.inputs(reading, seasonal_minutes)
            inputs = Inputs(deviation, features, has_news)
            half_width = state.distribution.interval(deviation) if is_ready else None
            target_us = bar.end_us + state.horizon.minutes * MINUTE_US
            if half_width is not None and (minute + 1) % state.horizon.step_minutes == 0:
                published = half_width / deviation
                state.pending.append(
                    PendingForecast(target_us, math.log(bar.close), inputs, scale_inputs, published)
                )
            for name, model in state.models.items():
                expected = model.expect(inputs)
                if expected is not None:
                    prediction = self._to_prediction(
                        bar, state.horizon, name, expected, half_width, deviation
                    )
                    if prediction is not None:
                        yield prediction

    def _to_prediction(
        self,
        bar: Bar,
        horizon: Horizon,
        model: str,
        log_return: float,
        half_width: float | None,
        deviation: float,
    ) -> Prediction | None:
        """Return the prediction; None where a number is no valid price."""
        base, lower, upper = bar.close, None, None
        try:
            predicted = base * math.exp(log_return)
            if half_width is not None:
                lower = base * math.exp(log_return - half_width)
                upper = base * math.exp(log_return + half_width)
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
            deviation=None if half_width is None else deviation,
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
