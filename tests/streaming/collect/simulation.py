"""Simulated day of collection: real collectors and HTTP, a faulty proxy, simulated time, kills at any step."""

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from lakehouse.messages.contract import RAW_NEWS, RAW_PRICE
from lakehouse.messages.validation import Rejected, validate
from lakehouse.time_range import SECOND_US
from streaming.collect.context import Context
from streaming.collect.options import Kind
from streaming.collect.rounds import run_rounds
from streaming.collect.service import _to_collectors
from streaming.collect.source import Profile
from streaming.collect.state import StateStore
from streaming.kafka.messages import Message
from tests.support.fault_proxy import FaultProxy
from tests.support.world_accounting import Stored, as_stored_text

TOPICS: Mapping[Kind, str] = {"news": RAW_NEWS.topic, "prices": RAW_PRICE.topic}


class KilledError(BaseException):
    """SIGKILL at this instant."""


class SimulatedClock:
    """True time moved by sleeps alone, and a time of day that is ahead of it by an offset."""

    def __init__(self, start_us: int) -> None:
        self.true_us = start_us
        self.offset_us = 0
        self.on_sleep: Callable[[], bool] = lambda: False

    def now_us(self) -> int:
        return self.true_us + self.offset_us

    def elapsed_us(self) -> int:
        return self.true_us

    def sleep(self, seconds: float) -> bool:
        self.true_us += round(seconds * 1e6)
        return self.on_sleep()


class SimulatedKafka:
    """A topic's messages. Of what was not flushed when the sender is killed, a first part arrives.

    Kills come ten times as often while something is not flushed.
    """

    def __init__(self, clock: SimulatedClock, draw: random.Random, *, kill_share: float) -> None:
        self.messages: list[tuple[Message, int]] = []
        self.kill_share = kill_share
        self._clock = clock
        self._draw = draw
        self._pending: list[tuple[Message, int]] = []

    def send(self, message: Message) -> None:
        self._pending.append((message, self._clock.true_us))

    def flush(self) -> None:
        self.may_kill()
        self._deliver(len(self._pending))
        self.may_kill()

    def may_kill(self) -> None:
        if self._draw.random() < self.kill_share * (10 if self._pending else 1):
            self._deliver(self._draw.randint(0, len(self._pending)))
            raise KilledError

    def stored(self) -> Stored:
        """Return what ingestion makes of the messages: one of each message id; all are valid."""
        by_id: dict[str, dict[str, Any]] = {}
        for message, time_us in self.messages:
            checked = validate(message.topic, key=message.key, value=message.value, broker_time_us=time_us)
            assert not isinstance(checked, Rejected), checked
            value = json.loads(message.value or b"")
            by_id.setdefault(value["message_id"], value)
        return Stored(
            texts=[as_stored_text(each) for each in by_id.values() if "published_time" in each],
            trade_ids=[message_id for message_id, each in by_id.items() if "exchange_time" in each],
        )

    def _deliver(self, n: int) -> None:
        self.messages += self._pending[:n]
        self._pending.clear()


class MortalStore(StateStore):
    """A store of states whose writer may be killed before or after it writes."""

    def __init__(self, directory: Path, kafka: SimulatedKafka) -> None:
        super().__init__(directory)
        self._kafka = kafka

    def write(self, name: str, state: msgspec.Struct) -> None:
        self._kafka.may_kill()
        super().write(name, state)
        self._kafka.may_kill()


class Simulation:
    """One run: faults for ``faulty_seconds`` of simulated time, then none until every address has answered thrice."""

    def __init__(
        self, seed: int, directory: Path, *, profile: Profile, proxy: FaultProxy, start_us: int
    ) -> None:
        self.clock = SimulatedClock(start_us)
        self._draw = random.Random(seed)
        self.kafka = SimulatedKafka(self.clock, self._draw, kill_share=0.01)
        self.n_kills = 0
        self.stopped_us: int | None = None
        self._profile = profile
        self._proxy = proxy
        self._contexts = {
            kind: Context(
                clock=self.clock, sink=self.kafka, store=MortalStore(directory / topic / "id", self.kafka)
            )
            for kind, topic in TOPICS.items()
        }

    def world_us(self) -> int:
        """Return the time of the world, which stops when the faults end."""
        return self.clock.true_us if self.stopped_us is None else self.stopped_us

    def run(self, *, faulty_seconds: int) -> None:
        end_us = self.clock.true_us + faulty_seconds * SECOND_US
        self.clock.on_sleep = lambda: self._pass_time(end_us)
        while self._is_killed_before_the_end():
            self.n_kills += 1
            self.clock.true_us += self._draw.randint(0, 30) * SECOND_US

    def _is_killed_before_the_end(self) -> bool:
        collectors = [
            collector
            for kind, context in self._contexts.items()
            for group in _to_collectors(kind, self._profile, context, None, None)
            for collector in group
        ]
        try:
            run_rounds(collectors, self.clock, draw=self._draw)
        except KilledError:
            return True
        return False

    def _pass_time(self, end_us: int) -> bool:
        """Step the clock now and then; return whether the run is over."""
        if self.stopped_us is not None:
            return self._proxy.n_fewest_answers() >= 3
        if self._draw.random() < 0.03:
            self.clock.offset_us = self._draw.choice((0, 130, -130, 400, -400, -400)) * SECOND_US
        if self.clock.true_us >= end_us:
            self.stopped_us = self.clock.true_us
            self.clock.offset_us = 0
            self.kafka.kill_share = 0.0
            self._proxy.calm()
        return False
