"""One asset's forecaster: messages in any order in, predictions out. No clock, no Kafka, no Spark."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator

from streaming.analysis.prediction.arrivals import Arrival, ArrivalBuffer
from streaming.analysis.prediction.minute_forecaster import MinuteForecaster, Prediction

STATE_VERSION = 2
"""Raised with every change of what a forecaster keeps: a new version starts from a checkpoint of its own."""


class Forecaster:
    """The state of one symbol: messages that wait for their order, and what was learned from those before.

    Learned state is unpacked when a message is released and not before: most batches of a catch-up only add messages.
    """

    def __init__(self, symbol: str) -> None:
        self.arrivals = ArrivalBuffer()
        self._learned: MinuteForecaster | bytes = MinuteForecaster(symbol)

    def take(self, arrivals: Iterable[Arrival]) -> Iterator[Prediction]:
        """Adds messages in any order; gives the predictions of every minute that is closed beyond doubt by now."""
        self.arrivals.add(arrivals)
        released = self.arrivals.release()
        if released:
            learned = self._unpacked()
            for _, _, _, _, seen in released:
                yield from learned.take(seen)

    def to_bytes(self) -> bytes:
        return pickle.dumps((self._packed(), self.arrivals.to_bytes()), protocol=pickle.HIGHEST_PROTOCOL)

    @staticmethod
    def from_bytes(state: bytes) -> Forecaster:
        """The forecaster that `to_bytes` wrote down, of this STATE_VERSION."""
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
