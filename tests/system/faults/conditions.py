"""Rig of collection under faults: the offline world behind a proxy, collectors whose clock steps, ingestion."""

import json
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.time_range import MINUTE_US
from streaming.offline.http_server import OfflineServer, World
from streaming.offline.news_wire import OUTLETS, NewsWire
from streaming.offline.trades import TradeBook
from tests.support.fake_clock import FakeClock
from tests.support.fault_proxy import FaultProxy
from tests.support.offline_world import WorldClock, given_until
from tests.support.processes import ChildProcess
from tests.support.python_command import run_python
from tests.support.record_accounting import n_rows
from tests.support.waiting import holds_within, wait_until
from tests.support.withheld_trades import WithheldTrades
from tests.support.world_accounting import (
    ATOM_OUTLETS,
    VENUE,
    assert_gaps_are_true,
    assert_texts_stored_once,
    assert_trades_stored_once,
    stored_in_lake,
)
from tests.system.faults.conftest import Rig, new_rig

FEEDS, EXCHANGE = "/news/", "/exchange/"
CLOCK_STEPS_SECONDS = (400, -400, 130, -130)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What happens. ``rounds`` are actions; between two of them each collector gets ``answers`` more answers."""

    seed: int
    symbols: tuple[str, ...]
    history_minutes: int
    speed: float
    trades_a_minute: int
    news_every_seconds: int
    rounds: tuple[str, ...]
    answers: int
    settle_seconds: float

    @property
    def shuffled_rounds(self) -> list[str]:
        return random.Random(self.seed).sample(self.rounds, len(self.rounds))

    @property
    def is_withheld(self) -> WithheldTrades:
        return WithheldTrades(self.seed)


class Conditions:
    """World, proxy, clock and programs of one run."""

    def __init__(self, plan: Plan, directory: Path, rig: Rig, stack: ExitStack) -> None:
        self.plan = plan
        self.rig = rig
        self._directory = directory
        now_us = time.time_ns() // 1_000
        self._first_us = now_us - plan.history_minutes * MINUTE_US
        wire = NewsWire(seed=plan.seed, every_seconds=plan.news_every_seconds)
        book = TradeBook(seed=plan.seed, a_minute=plan.trades_a_minute, wire=wire)
        self._world = World(book, days=30.0, first_us=self._first_us)
        start_us = now_us if plan.speed == 1 else self._first_us + 10 * MINUTE_US
        self._world_clock = WorldClock(start_us, speed=plan.speed)
        server = stack.enter_context(OfflineServer(self._world, now_us=self._world_clock))
        self.proxy = stack.enter_context(FaultProxy(server.url, seed=plan.seed, is_withheld=plan.is_withheld))
        self.clock = FakeClock(directory / "clock")
        self._state_dir = directory / "state"
        sources = directory / "sources.toml"
        sources.write_text(_sources(self.proxy.url, plan.symbols), encoding="utf-8")
        self._collectors = {kind: self._collector(kind, sources) for kind in ("news", "prices")}
        for collector in self._collectors.values():
            stack.callback(collector.end)

    def run(self) -> None:
        """Collect and ingest through every round, then until all is stored; stop the collectors cleanly."""
        self.rig.start()
        for collector in self._collectors.values():
            collector.start()
        for name in self.plan.shuffled_rounds:
            self._wait_answers(self.plan.answers)
            self._act(name)
        wait_until(lambda: self._world_clock.is_live, "the world's present", timeout_seconds=900)
        self._wait_answers(self.plan.answers)
        self.clock.step_to(0)
        until_us = self._world_clock.stop()
        self.proxy.calm()
        self.given = given_until(
            self._world,
            until_us,
            first_us=self._first_us,
            symbols=self.plan.symbols,
            is_withheld=self.plan.is_withheld,
        )
        holds_within(self._is_all_stored, self.plan.settle_seconds)  # what is missing, the books say better
        for kind, collector in self._collectors.items():
            assert collector.stop() == 0, kind
            assert "Traceback" not in collector.log, collector.log[-2_000:]
        self.rig.finish()

    def assert_accounted(self) -> None:
        """Assert that each text and trade is stored once or in a gap, and that lake and gaps agree."""
        stored = stored_in_lake(self.rig.lake)
        assert_texts_stored_once(stored, self.given)
        assert_trades_stored_once(stored, self.given)
        assert_gaps_are_true(self.gaps(), self.given)
        fsck = run_python("-m", "compaction", "fsck", "--lake", self.rig.lake.uri)
        assert fsck.returncode == 0, fsck.stdout + fsck.stderr

    def gaps(self) -> list[dict[str, Any]]:
        listed = run_python("-m", "streaming.collect", "gaps", "--json", "--state", str(self._state_dir))
        assert listed.returncode == 0, listed.stderr
        return [json.loads(line) for line in listed.stdout.splitlines()]

    def _act(self, name: str) -> None:
        if name in self._collectors:
            self._collectors[name].kill()
            self._collectors[name].start()
        elif name == "ingestion":
            self.rig.kill()
            self.rig.start()
        elif name == "broker":
            self.rig.broker.kill()
            self.rig.broker.start()
            self.rig.broker.wait_ready()
        else:
            self.clock.step_to(int(name))

    def _wait_answers(self, n: int) -> None:
        """Wait until feeds and exchange have given so many more answers each."""
        ends = {prefix: self.proxy.n_answers(prefix) + n for prefix in (FEEDS, EXCHANGE)}
        wait_until(
            lambda: all(self.proxy.n_answers(prefix) >= end for prefix, end in ends.items()),
            f"{n} more answers of feeds and exchange at clock {self.clock.offset_seconds:+d} s; "
            f"{ends} of {dict(self.proxy.n_by_address)}",
        )

    def _is_all_stored(self) -> bool:
        n_stored = sum(n_rows(self.rig.lake, name) for name in ("gold_news", "gold_price", "quarantine"))
        is_polled = self.proxy.n_fewest_answers() >= 2
        return is_polled and n_stored >= len(self.given.texts) + self.given.n_trades

    def _collector(self, kind: str, sources: Path) -> ChildProcess:
        arguments = ("streaming.collect", kind, "--sources", str(sources), "--profile", "faults")
        return ChildProcess.of_module(
            *arguments,
            *("--state", str(self._state_dir), "--bootstrap", self.rig.broker.bootstrap),
            log_path=self._directory / f"{kind}.log",
            environ=self.clock.environ | {"CRYPTOVIZ_RUNTIME_DIR": str(self._directory / "runtime")},
        )


@contextmanager
def new_conditions(plan: Plan, directory: Path) -> Iterator[Conditions]:
    """Prepare a run; an error of it names the plan, which repeats it."""
    with new_rig(directory, directory / "lake") as rig, ExitStack() as stack:
        conditions = Conditions(plan, directory, rig, stack)
        try:
            yield conditions
        except BaseException as error:
            error.add_note(f"{plan}; rounds {plan.shuffled_rounds}; faults {conditions.proxy.n_by_fault}")
            raise


def _sources(url: str, symbols: tuple[str, ...]) -> str:
    """Return the file of sources of a profile `faults`: the bundled profile `offline`, impatient."""
    feeds = "".join(
        f'[[faults.news]]\nsource = "{outlet}"\nurl = "{url}{FEEDS}{outlet}.'
        f'{"atom" if outlet in ATOM_OUTLETS else "rss"}"\n'
        'origin = "generated"\npoll_seconds = 0.2\ntimeout_seconds = 1.0\n\n'
        for outlet in OUTLETS
    )
    pairs = json.dumps([f"{symbol.upper()}/USD" for symbol in symbols])
    return (
        f'{feeds}[[faults.prices]]\nexchange = "kraken"\nvenue = "{VENUE}"\nurl = "{url}/exchange"\n'
        f'symbols = {pairs}\norigin = "generated"\npoll_seconds = 0.2\ntimeout_seconds = 1.0\n'
        "request_ms = 0\nconsecutive_ids = true\n"
    )
