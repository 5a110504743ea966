"""A pipeline of real processes in a folder that goes away: broker, ingestion, API, each measured from outside."""

import os
import re
import signal
import tempfile
import threading
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
from tests.support.processes import ChildProcess

SAMPLE_SECONDS = 0.2


@dataclass
class Rig:
    """The processes under measurement, by name."""

    directory: Path
    broker: EmbeddedBroker
    lake: LakeLocation
    processes: dict[str, ChildProcess] = field(default_factory=dict)
    peak_bytes: dict[str, int] = field(default_factory=dict)

    def start(self, name: str, *arguments: str, **settings: str) -> None:
        """Start `python -m ARGUMENTS` on the rig's broker and lake; its output goes to a log of its name."""
        environ = settings | {
            "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap,
            "CRYPTOVIZ_LAKE_URI": self.lake.uri,
            "CRYPTOVIZ_RUNTIME_DIR": str(self.directory),
            "CRYPTOVIZ_HTTP_PORT": "0",
        }
        process = ChildProcess.of_module(*arguments, log_path=self.log_path(name), environ=environ)
        process.start()
        self.processes[name] = process

    def log_path(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def wait_log(self, name: str, pattern: str, *, timeout_seconds: float = 120.0) -> re.Match[str]:
        """Return the first match in a process's log; raise TimeoutError with the log's end."""
        return self.processes[name].wait_log(pattern, timeout_seconds=timeout_seconds)

    def ends(self) -> Position:
        """Return the end of every partition that ingestion reads."""
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
        """Ask every process to stop, the last one first, and kill what does not."""
        running = [process for process in reversed(self.processes.values()) if process.is_running]
        for process in running:
            process.send_signal(signal.SIGTERM)
        try:
            for process in running:
                process.wait()
        finally:
            for process in running:
                process.end()


@contextmanager
def new_rig(*, n_partitions: int = 2) -> Iterator[Rig]:
    """Start a broker with the project's topics beside an empty lake; stop and remove everything afterwards."""
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
    """Return p50, p95 and p99 in milliseconds, for a line of a report; a dash where there is nothing."""
    if not seconds:
        return "-"
    ordered = sorted(seconds)
    picked = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.50, 0.95, 0.99))
    return "  ".join(
        f"{name} {value * 1000:7.0f} ms" for name, value in zip(("p50", "p95", "p99"), picked, strict=True)
    )


def _sample_memory(rig: Rig, ended: threading.Event) -> None:
    """Keep the highest resident size of each process and its children (the JVM is one)."""
    while not ended.wait(SAMPLE_SECONDS):
        children = children_of()
        for name, process in list(rig.processes.items()):
            n_bytes = sum(resident_bytes(pid) for pid in family(process.pid, children))
            rig.peak_bytes[name] = max(rig.peak_bytes.get(name, 0), n_bytes)


def children_of() -> dict[int, list[int]]:
    """Return the children of every process of this machine, by its id."""
    table: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        table.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    return table


def family(pid: int, children: dict[int, list[int]]) -> Iterator[int]:
    """Yield a process and all its descendants."""
    yield pid
    for child in children.get(pid, ()):
        yield from family(child, children)


def resident_bytes(pid: int) -> int:
    """Return the resident bytes of a process, 0 where it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
