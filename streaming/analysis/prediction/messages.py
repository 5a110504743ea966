"""Predictions as messages of predicted-price: the same bytes for the same prediction."""

from __future__ import annotations

from lakehouse.messages.contract import PREDICTED_PRICE
from streaming.analysis.prediction.distribution import NOMINAL_COVERAGE
from streaming.analysis.prediction.minute_forecaster import Prediction
from streaming.analysis.prediction.models import MODEL_VERSION
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
    )
