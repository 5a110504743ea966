"""Context of the collectors of one process: clock, sink, state and origin."""

from dataclasses import dataclass

from streaming.collect.clock import Clock
from streaming.collect.sink import Sink
from streaming.collect.state import StateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Clock, sink and state that collectors share. ``origin`` overrides the sources' own, for a playback."""

    clock: Clock
    sink: Sink
    store: StateStore
    origin: str | None = None
