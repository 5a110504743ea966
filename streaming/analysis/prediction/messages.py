"""Predictions as the contract's messages: JSON bytes, the same for the same prediction."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from lakehouse.messages.contract import CONTRACT_VERSION, make_message_id
from lakehouse.time_range import format_us, to_time
from streaming.analysis.prediction.conformal import NOMINAL_COVERAGE
from streaming.analysis.prediction.minute_forecaster import Prediction
from streaming.analysis.prediction.models import MODEL_VERSION

_encode = msgspec.json.Encoder().encode
# The models and horizons of a minute share their times.
_format_us = lru_cache(maxsize=64)(format_us)


def to_value(prediction: Prediction) -> bytes:
    """One message of predicted-price. Its id is made of symbol, made_at, model, version and horizon alone."""
    made_at = to_time(prediction.made_us)
    natural_key = (prediction.model, MODEL_VERSION, prediction.horizon)
    return _encode(
        {
            "v": CONTRACT_VERSION,
            "message_id": make_message_id(key=prediction.symbol, event_time=made_at, natural_key=natural_key),
            "origin": prediction.origin,
            "symbol": prediction.symbol,
            "made_at": _format_us(prediction.made_us),
            "target_time": _format_us(prediction.target_us),
            "horizon": prediction.horizon,
            "model": prediction.model,
            "model_version": MODEL_VERSION,
            "base_price": prediction.base_price,
            "predicted_price": prediction.predicted_price,
            "lower": prediction.lower,
            "upper": prediction.upper,
            "nominal_coverage": None if prediction.lower is None else NOMINAL_COVERAGE,
            "quote": prediction.quote,
        }
    )
