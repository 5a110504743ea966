"""Predictions as messages of predicted-price: the same bytes for the same prediction."""

from __future__ import annotations

from typing import Any

from lakehouse.messages.contract import PREDICTED_PRICE
from lakehouse.scores.quantiles import LEVELS
from streaming.analysis.prediction.distribution import MOVES, NOMINAL_COVERAGE, Spread
from streaming.analysis.prediction.models import MODEL_VERSION
from streaming.analysis.prediction.predictions import Prediction
from streaming.kafka.messages import to_rfc3339
from streaming.kafka.messages import to_value as to_contract_value


def to_value(prediction: Prediction) -> bytes:
    """Return one message. Its id is made of symbol, made_at, model, version and horizon alone."""
    return to_contract_value(
        PREDICTED_PRICE,
        event_time_us=prediction.made_us,
        natural_key=(prediction.model, MODEL_VERSION, prediction.horizon),
        origin=prediction.origin,
        timespec="auto",
        symbol=prediction.symbol,
        target_time=to_rfc3339(prediction.target_us, timespec="auto"),
        horizon=prediction.horizon,
        model=prediction.model,
        model_version=MODEL_VERSION,
        base_price=prediction.base_price,
        predicted_price=prediction.predicted_price,
        lower=prediction.lower,
        upper=prediction.upper,
        nominal_coverage=None if prediction.lower is None else NOMINAL_COVERAGE,
        quote=prediction.quote,
        p_up=prediction.direction.p_up,
        p_up_base_rate=prediction.direction.base_rate,
        **_distribution(prediction.spread, prediction.quantiles),
    )


def _distribution(spread: Spread | None, quantiles: tuple[float, ...] | None) -> dict[str, Any]:
    if spread is None or quantiles is None:
        return {"sigma": None, "quantiles": None, "moves": None}
    return {
        "sigma": spread.deviation,
        "quantiles": {"levels": LEVELS, "values": quantiles},
        "moves": [
            {"threshold": threshold, "probability": probability}
            for threshold, probability in zip(MOVES, spread.move_probabilities, strict=True)
        ],
    }
