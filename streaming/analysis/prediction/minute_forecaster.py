"""Predictions of one asset from its ordered messages, minute by minute: bars, volatility, models, distributions.

The predictions of a minute depend only on the messages that arrived before the minute was closed.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from lakehouse.series.markets import DEFAULT_RULES, SymbolRules
from lakehouse.time_range import DAY_US, HOUR_US, MINUTE_US
from streaming.analysis.prediction.arrivals import (
    Observation,
    PriceObservation,
    RecentIds,
    SentimentObservation,
)
from streaming.analysis.prediction.bars import MAX_AHEAD_US, Bar, BarBuilder
from streaming.analysis.prediction.direction import BaseRate, DirectionEvidence, probability_of_rise
from streaming.analysis.prediction.distribution import COVERAGES, NOMINAL_COVERAGE, MoveDistribution, Spread
from streaming.analysis.prediction.features import (
    MAX_FILLED_MINUTES,
    PriceHistory,
    SentimentHistory,
    Vector,
)
from streaming.analysis.prediction.har_scale import HarScale
from streaming.analysis.prediction.models import HORIZONS, RANDOM_WALK, Horizon, Inputs, Model, new_models
from streaming.analysis.prediction.predictions import Direction, Maker, Prediction
from streaming.analysis.prediction.primary import PrimaryMarket
from streaming.analysis.prediction.volatility import RETURN_MINUTES, Reading, Volatility

MAX_SILENCE_US = HOUR_US
"""Silence over which a change of price is no return: it enters no volatility and teaches no model."""
MAX_REALISED_AGE_US = MAX_FILLED_MINUTES * MINUTE_US
_NOMINAL = COVERAGES.index(NOMINAL_COVERAGE)
ORIGINS_FROM_BEST = ("collected", "replay", "generated")


@dataclass(frozen=True, slots=True, eq=False)
class ScaleInputs:
    """Inputs of the scale: levels of volatility, minutes weighted by season, and the sum of squares so far."""

    levels: Vector
    seasonal_minutes: float
    realised: float


@dataclass(frozen=True, slots=True, eq=False)
class PendingForecast:
    """A forecast without its outcome yet: its inputs, and what was said.

    ``half_width`` is that of the interval that was published, in deviations; ``rises`` are the probabilities of a rise
    that follow from what the models expected, by model.
    """

    made_us: int
    target_us: int
    log_base: float
    inputs: Inputs
    scale_inputs: ScaleInputs
    half_width: float
    rises: Mapping[str, float]


@dataclass(slots=True)
class HorizonState:
    """Scale, distribution and models of one horizon, and its pending forecasts."""

    horizon: Horizon
    scale: HarScale
    distribution: MoveDistribution
    models: dict[str, Model]
    evidence: dict[str, DirectionEvidence]
    base_rate: BaseRate = field(default_factory=BaseRate)
    pending: deque[PendingForecast] = field(default_factory=deque)

    @staticmethod
    def new(horizon: Horizon) -> HorizonState:
        models = new_models(horizon)
        return HorizonState(
            horizon,
            HarScale(horizon.minutes, horizon.level_minutes, horizon.scale_days),
            MoveDistribution(horizon.n_moves, horizon.adaptation),
            models,
            {name: DirectionEvidence() for name in models if name != RANDOM_WALK},
        )

    def inputs(self, reading: Reading, seasonal_minutes: float) -> tuple[float, ScaleInputs]:
        """Return the deviation of the return over the horizon, from now on, and what it was made of."""
        levels = self.scale.inputs(reading)
        deviation = self.scale.deviation(reading, levels, seasonal_minutes)
        return deviation, ScaleInputs(levels, seasonal_minutes, reading.realised)

    def expectations(self, inputs: Inputs) -> dict[str, float]:
        """Return the expected log return of each model that makes a forecast."""
        expected = {name: model.expect(inputs) for name, model in self.models.items()}
        return {name: one for name, one in expected.items() if one is not None}

    def direction(self, model: str, rises: Mapping[str, float]) -> Direction:
        """Return the probability of a rise: the model's own where its directions have proven better than a coin."""
        evidence = self.evidence.get(model)
        is_proven = evidence is not None and evidence.is_proven
        return Direction(p_up=rises[model] if is_proven else 0.5, base_rate=self.base_rate.share)

    def spread(self, expected: float, deviation: float, half_widths: tuple[float, ...]) -> Spread:
        """Return the distribution around what a model expects."""
        probabilities = self.distribution.move_probabilities(expected, deviation)
        return Spread(expected, deviation, half_widths, probabilities)

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
        self.base_rate.observe(log_return)
        for name, probability in pending.rises.items():
            self.evidence[name].observe(pending.made_us, pending.target_us, probability, log_return)
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
        is_ready, reading = self._volatility.is_ready, self._volatility.read()
        maker = Maker(symbol=self.symbol, bar=bar, origin=self._origin)
        for state in self._horizons:
            seasonal_minutes = self._volatility.season.minutes(minute + 1, state.horizon.minutes)
            deviation, scale_inputs = state.inputs(reading, seasonal_minutes)
            inputs = Inputs(deviation, features, has_news)
            expected = state.expectations(inputs)
            rises = {
                name: probability_of_rise(one, deviation)
                for name, one in expected.items()
                if name in state.evidence
            }
            half_widths = state.distribution.half_widths(deviation) if is_ready else None
            if half_widths is not None and (minute + 1) % state.horizon.step_minutes == 0:
                state.pending.append(
                    PendingForecast(
                        bar.end_us,
                        bar.end_us + state.horizon.minutes * MINUTE_US,
                        math.log(bar.close),
                        inputs,
                        scale_inputs,
                        half_widths[_NOMINAL] / deviation,
                        rises,
                    )
                )
            for name, log_return in expected.items():
                spread = None if half_widths is None else state.spread(log_return, deviation, half_widths)
                prediction = maker.make(state.horizon, name, log_return, spread, state.direction(name, rises))
                if prediction is not None:
                    yield prediction

    def _note_origin(self, source: Bar | SentimentObservation) -> None:
        """Set the worst origin of all inputs so far, since learned weights never lose them."""
        if ORIGINS_FROM_BEST.index(source.origin) > ORIGINS_FROM_BEST.index(self._origin):
            self._origin = source.origin


def _continues(bar: Bar, before: Bar) -> bool:
    """Return whether the step from one bar to the next is a return: one of the same market, over no long silence."""
    return bar.market == before.market and bar.close_us - before.close_us <= MAX_SILENCE_US
