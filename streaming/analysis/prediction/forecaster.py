"""Forecaster of one asset: predictions from messages in any order. No clock, no Kafka, no Spark."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator

from streaming.analysis.prediction.arrivals import Arrival, ArrivalBuffer
from streaming.analysis.prediction.minute_forecaster import MinuteForecaster, Prediction

STATE_VERSION = 4
"""Version of the state, raised with each change of it: a new version starts from a checkpoint of its own."""


class Forecaster:
    """State of one symbol: messages that wait for their order, and the models learned from those before.

    The models are unpickled only when a message is released: most batches of a catch-up only add messages.
    """

    def __init__(self, symbol: str) -> None:
        self.arrivals = ArrivalBuffer()
        self._learned: MinuteForecaster | bytes = MinuteForecaster(symbol)

    def add(self, arrivals: Iterable[Arrival]) -> Iterator[Prediction]:
        """Add messages in any order; yield the predictions of every minute that no later message can change."""
        self.arrivals.add(arrivals)
        released = self.arrivals.release()
        if released:
            learned = self._unpacked()
            for *_, observation in released:
                yield from learned.add(observation)

    def to_bytes(self) -> bytes:
        return pickle.dumps((self._packed(), self.arrivals.to_bytes()), protocol=pickle.HIGHEST_PROTOCOL)

    @staticmethod
    def from_bytes(state: bytes) -> Forecaster:
        """Return the forecaster that `to_bytes` serialized, of this STATE_VERSION."""
        forecaster = Forecaster.__new__(Forecaster)
        forecaster._learned, arrivals = pickle.loads(state)
        forecaster.arrivals = ArrivalBuffer.from_bytes(arrivals)
        return forecaster

    def _unpacked(self) -> MinuteForecaster:
        if isinstance(self._learned, bytes):
            self._learned = pickle.loads(self._learned)
            assert isinstance(self._learned, MinuteForecaster)
        return self._learned

    def _packed(self) -> bytes:
        if isinstance(self._learned, bytes):
            return self._learned
        return pickle.dumps(self._learned, protocol=pickle.HIGHEST_PROTOCOL)
