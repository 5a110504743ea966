"""A pipeline of real processes in a folder that goes away: broker, ingestion, API, each measured from outside."""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import Position, TopicPartition, read_position
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import open_table
from lakehouse.errors import LakeNotFoundError
from lakehouse.messages.contract import CONTRACTS
from lakehouse.process.kafka_settings import KafkaSettings
from lakehouse.schema.tables import TABLES
from streaming.broker.embedded import EmbeddedBroker
from streaming.kafka.topics import create_topics, fetch_offsets

SAMPLE_SECONDS = 0.2


@dataclass
class Rig:
    """The processes under measurement, by name."""

    directory: Path
    broker: EmbeddedBroker
    lake: LakeLocation
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    peak_bytes: dict[str, int] = field(default_factory=dict)

    def start(self, name: str, *arguments: str, **settings: str) -> None:
        environ = (
            os.environ
            | settings
            | {
                "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap,
                "CRYPTOVIZ_LAKE_URI": self.lake.uri,
                "CRYPTOVIZ_RUNTIME_DIR": str(self.directory),
                "CRYPTOVIZ_HTTP_PORT": "0",
                "PYTHONUNBUFFERED": "1",
            }
        )
        with self.log_path(name).open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *arguments], env=environ, stdout=log, stderr=log
            )

    def log_path(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def wait_log(self, name: str, pattern: str, *, timeout_seconds: float = 120.0) -> re.Match[str]:
        """The first match in a process's log. Raises TimeoutError with the log's end."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            text = self.log_path(name).read_text(errors="replace")
            if match := re.search(pattern, text):
                return match
            if self.processes[name].poll() is not None:
                break
            time.sleep(0.05)
        raise TimeoutError(f"{name} never said {pattern!r}: {self.log_path(name).read_text()[-2000:]}")

    def ends(self) -> Position:
        """The end of every partition that ingestion reads."""
        config = KafkaSettings(bootstrap_servers=self.broker.bootstrap).for_kafka_python()
        ids = Catalog(self.lake).current_topics()
        spans = fetch_offsets(config, CONTRACTS)
        return Position({TopicPartition(ids[topic], p): end for (topic, p), (_, end) in spans.items()})

    def table_position(self, name: str) -> Position:
        catalog = Catalog(self.lake)
        try:
            table = open_table(catalog.table_location(name, catalog.current_build()), TABLES[name])
        except LakeNotFoundError:
            return Position()
        return read_position(table, catalog.current_topics().values())

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            process.wait(60)


@contextmanager
def new_rig(*, n_partitions: int = 2) -> Iterator[Rig]:
    """A broker with the project's topics and an empty lake; everything is stopped and removed afterwards."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cryptoviz-bench-")))
        broker = stack.enter_context(EmbeddedBroker(directory / "broker"))
        create_topics(
            KafkaSettings(bootstrap_servers=broker.bootstrap).for_kafka_python(), n_partitions=n_partitions
        )
        rig = Rig(directory, broker, LakeLocation.parse(str(directory / "lake")))
        watched = threading.Event()
        sampler = threading.Thread(target=_sample_memory, args=(rig, watched), daemon=True)
        sampler.start()
        stack.callback(sampler.join)
        stack.callback(watched.set)
        stack.callback(rig.stop)
        yield rig


def percentiles(seconds: Sequence[float]) -> str:
    """p50, p95 and p99 in milliseconds, for a line of a report."""
    ordered = sorted(seconds)
    picked = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.50, 0.95, 0.99))
    return "  ".join(
        f"{name} {value * 1000:7.0f} ms" for name, value in zip(("p50", "p95", "p99"), picked, strict=True)
    )


def _sample_memory(rig: Rig, ended: threading.Event) -> None:
    """Keeps the highest resident size of each process and its children (the JVM is one)."""
    while not ended.wait(SAMPLE_SECONDS):
        children = children_of()
        for name, process in list(rig.processes.items()):
            n_bytes = sum(resident_bytes(pid) for pid in family(process.pid, children))
            rig.peak_bytes[name] = max(rig.peak_bytes.get(name, 0), n_bytes)


def children_of() -> dict[int, list[int]]:
    table: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        table.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    return table


def family(pid: int, children: dict[int, list[int]]) -> Iterator[int]:
    yield pid
    for child in children.get(pid, ()):
        yield from family(child, children)


def resident_bytes(pid: int) -> int:
    """What a process takes now; 0 where it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
