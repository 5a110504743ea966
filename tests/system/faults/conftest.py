"""Rig of the fault tests: the stream as a process of its own, killed at any moment and started again."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest
from kafka import KafkaProducer

from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import LakeNotFoundError
from lakehouse.messages.contract import CONTRACTS
from lakehouse.process.kafka_settings import KafkaSettings
from streaming.broker.embedded import EmbeddedBroker
from streaming.kafka.topics import create_topics
from tests.support.messages import MAKERS, to_bytes
from tests.support.processes import kill_session
from tests.support.record_accounting import assert_accounted, n_rows, read_delivered
from tests.support.waiting import wait_until


@dataclass
class Rig:
    """A broker, a lake and the command line of ingestion, or of ingestion and analysis together."""

    broker: EmbeddedBroker
    directory: Path
    lake: LakeLocation
    log: IO[bytes]
    with_analysis: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        module = "streaming" if self.with_analysis else "streaming.ingest"
        command = [sys.executable, "-m", module, "--lake", self.lake.uri, "run"]
        command += ["--checkpoints", str(self.directory / "checkpoints"), "--driver-memory", "512m"]
        if self.with_analysis:
            command += ["--analysis-checkpoints", str(self.directory / "analysis")]
        environ = os.environ | {"CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap}
        self.process = subprocess.Popen(
            command, env=environ, stdout=self.log, stderr=self.log, start_new_session=True
        )

    def kill(self) -> None:
        """Kill the driver and its JVM by SIGKILL."""
        assert self.process is not None
        kill_session(self.process.pid)
        self.process.wait()

    def jvm_pid(self) -> int | None:
        """Return the process id of Spark's JVM; None where there is none."""
        assert self.process is not None
        pids = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "java"], capture_output=True, text=True, check=False
        ).stdout.split()
        return int(pids[0]) if pids else None

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def n_accounted(self) -> int:
        names = (*(c.table.name for c in CONTRACTS.values()), "quarantine", "duplicates")
        try:
            return sum(n_rows(self.lake, name) for name in names)
        except LakeNotFoundError:
            return 0

    def log_text(self) -> str:
        return (self.directory / "ingest.log").read_text(errors="replace")

    def finish(self) -> None:
        """Wait until every record in Kafka is accounted for, stop cleanly, and check each record."""
        delivered = read_delivered(self.broker.bootstrap)
        wait_until(lambda: self.n_accounted() >= len(delivered), f"{len(delivered)} records")
        assert self.stop() == 0
        assert_accounted(self.lake, delivered)


class Traffic(threading.Thread):
    """A producer that runs through every fault: valid messages, copies of earlier ones and poison, all seeded."""

    def __init__(self, bootstrap: str, *, seed: int, messages_per_second: float = 150.0) -> None:
        super().__init__(name="traffic", daemon=True)
        self._random = random.Random(seed)
        self._pause_seconds = 1.0 / messages_per_second
        self._stopping = threading.Event()
        self._producer = KafkaProducer(
            bootstrap_servers=bootstrap, acks="all", linger_ms=5, retries=1000, max_block_ms=600_000
        )
        self._sent: list[tuple[str, bytes, bytes | None]] = []
        self.n_sent = 0

    def run(self) -> None:
        while not self._stopping.wait(self._pause_seconds):
            topic, key, value = self._next()
            self._producer.send(topic, key=key, value=value)
            self.n_sent += 1

    def stop(self) -> None:
        self._stopping.set()
        self.join()
        self._producer.flush(timeout=60)
        self._producer.close(timeout=5)

    def _next(self) -> tuple[str, bytes, bytes | None]:
        drawn = self._random.random()
        if drawn < 0.1 and self._sent:
            return self._random.choice(self._sent)
        topic = self._random.choice(list(MAKERS))
        if drawn < 0.13:
            return topic, b"btc", self._random.choice([None, b"{", b"\xff", b'{"v":2}'])
        symbol = self._random.choice(["btc", "eth", "sol"])
        message = MAKERS[topic](datetime.now(UTC), symbol=symbol, key=str(self.n_sent))
        self._sent.append((topic, symbol.encode(), to_bytes(message)))
        return self._sent[-1]


@contextmanager
def new_rig(directory: Path, lake: Path, *, with_analysis: bool = False) -> Iterator[Rig]:
    with EmbeddedBroker(directory / "broker") as broker, (directory / "ingest.log").open("wb") as log:
        create_topics(KafkaSettings(bootstrap_servers=broker.bootstrap).for_kafka_python())
        rig = Rig(broker, directory, LakeLocation.parse(str(lake)), log, with_analysis)
        try:
            yield rig
        finally:
            if rig.process is not None and rig.process.poll() is None:
                rig.kill()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with new_rig(tmp_path, tmp_path / "lake") as rig:
        yield rig
