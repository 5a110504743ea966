"""Forecaster of one asset: predictions from messages in any order. No clock, no Kafka, no Spark."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

import msgspec

from lakehouse.series.markets import DEFAULT_RULES, SymbolRules
from streaming.analysis.prediction.arrivals import Arrival, ArrivalBuffer
from streaming.analysis.prediction.minute_forecaster import MinuteForecaster
from streaming.analysis.prediction.predictions import Prediction
from streaming.analysis.prediction.state_format import decode_state, encode_state

logger = logging.getLogger(__name__)

STATE_VERSION = 7
"""Version of the state, raised with each change of it: a new version starts from a checkpoint of its own."""


class Forecaster:
    """State of one symbol: messages that wait for their order, and the models learned from those before.

    ``n_failed`` counts the messages since it was made or read at which learning failed, and which were left out.
    The models are decoded only when a message is released: most batches of a catch-up only add messages.
    """

    def __init__(self, symbol: str, rules: SymbolRules = DEFAULT_RULES.default) -> None:
        self.arrivals = ArrivalBuffer()
        self._rules = rules
        self._learned: MinuteForecaster | bytes = MinuteForecaster(symbol, rules)
        self.n_failed = 0

    def add(self, arrivals: Iterable[Arrival]) -> Iterator[Prediction]:
        """Add messages in any order; yield the predictions of every minute that no later message can change."""
        self.arrivals.add(arrivals)
        released = self.arrivals.release()
        if released:
            learned = self._unpacked()
            for _, topic, partition, offset, observation in released:
                try:
                    yield from learned.add(observation)
                except Exception as error:  # noqa: BLE001  whatever a message raises, it costs itself alone
                    self.n_failed += 1
                    logger.error(
                        "message left out topic=%s partition=%d offset=%d error=%r",
                        topic,
                        partition,
                        offset,
                        error,
                    )

    def to_bytes(self) -> bytes:
        return _encode((self._packed(), self.arrivals.to_bytes()))

    @staticmethod
    def from_bytes(state: bytes, rules: SymbolRules = DEFAULT_RULES.default) -> Forecaster:
        """Return the forecaster that `to_bytes` serialized, of this STATE_VERSION, with the rules of today."""
        forecaster = Forecaster.__new__(Forecaster)
        forecaster._rules = rules
        forecaster._learned, arrivals = _decode(state)
        forecaster.n_failed = 0
        forecaster.arrivals = ArrivalBuffer.from_bytes(arrivals)
        return forecaster

    def _unpacked(self) -> MinuteForecaster:
        if isinstance(self._learned, bytes):
            self._learned = decode_state(self._learned)
            assert isinstance(self._learned, MinuteForecaster)
            self._learned.follow(self._rules)
        return self._learned

    def _packed(self) -> bytes:
        if isinstance(self._learned, bytes):
            return self._learned
        return encode_state(self._learned)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[bytes, bytes]).decode
