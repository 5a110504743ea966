"""Configuration of the embedded broker: the files of its folder, its ports, its properties."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 9092
NODE_ID = 1
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
SEGMENT_BYTES = 128 * 1024 * 1024

LOG4J_PROPERTIES = """\
status = error
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %p %c{1} %m%n
"""


class BrokerFiles:
    """Paths of the broker's files, all under one folder."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.records = directory / "records"
        self.properties = directory / "server.properties"
        self.log4j = directory / "log4j2.properties"
        self.log = directory / "broker.log"
        self.previous_log = directory / "broker.log.1"
        self.ports = directory / "ports.json"
        self.lock = directory / "lock"
        self.pid = directory / "broker.pid"
        self.bootstrap = directory / "bootstrap.txt"


@dataclass(frozen=True, slots=True)
class Ports:
    """The two loopback ports of a single node: clients use `broker`, KRaft uses `controller`."""

    broker: int
    controller: int


def read_pid(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def choose_ports(files: BrokerFiles, *, port: int | None, avoid_last: bool = False) -> Ports:
    """Return free ports: the wished one, else the last one (clients know it), else the usual one, else any.

    `avoid_last` is for a second try after another process took the last choice in between.
    """
    last = None if avoid_last else _read_ports(files)
    wishes = [port] if port is not None else [last.broker if last else None, DEFAULT_PORT]
    broker = next(
        (candidate for candidate in wishes if candidate and not avoid_last and is_free(candidate)), None
    )
    broker = broker or any_free_port()
    controller = last.controller if last and last.controller != broker and is_free(last.controller) else None
    return Ports(broker=broker, controller=controller or any_free_port())


def known_port(files: BrokerFiles, port: int | None) -> int | None:
    """Return the port at which clients expect the broker: the wished one, else its last one, if any."""
    last = _read_ports(files)
    return port if port is not None else last.broker if last else None


def write_ports(files: BrokerFiles, ports: Ports) -> None:
    files.ports.write_text(json.dumps(asdict(ports)), encoding="utf-8")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


# One node holds one copy of Kafka's own topics; the rest is small, where the defaults suit a machine of its own.
ONE_SMALL_NODE: Mapping[str, str] = {
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "log.cleaner.dedupe.buffer.size": str(4 * 1024 * 1024),
    "metadata.max.idle.interval.ms": "5000",
}


def to_properties(
    files: BrokerFiles,
    ports: Ports,
    *,
    retention_hours: float,
    n_default_partitions: int,
    overrides: Mapping[str, str],
) -> str:
    """Return the text of server.properties: one node, loopback only, broker timestamps, no topic by accident."""
    properties = {
        "process.roles": "broker,controller",
        "node.id": str(NODE_ID),
        # A static quorum, so that the controller's port may change between two starts.
        "controller.quorum.voters": f"{NODE_ID}@{LOOPBACK}:{ports.controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{ports.broker},CONTROLLER://{LOOPBACK}:{ports.controller}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{ports.broker}",
        "log.dirs": str(files.records),
        "log.message.timestamp.type": "LogAppendTime",
        "log.retention.ms": str(round(retention_hours * 3_600_000)),
        "log.segment.bytes": str(SEGMENT_BYTES),
        "message.max.bytes": str(MAX_MESSAGE_BYTES),
        "num.partitions": str(n_default_partitions),
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        # After a crash the node is admitted again when its previous session is over: 9 s by default.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        **ONE_SMALL_NODE,
        **overrides,
    }
    return "".join(f"{name}={escape_property(value)}\n" for name, value in properties.items())


def escape_property(value: str) -> str:
    r"""Return a value as Java reads it from a properties file, which is Latin-1: `caf\u00e9` for café."""
    units = value.replace("\\", "\\\\").encode("utf-16-be")
    codes = [int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2)]
    return "".join(chr(code) if 32 <= code < 127 else f"\\u{code:04x}" for code in codes)


def _read_ports(files: BrokerFiles) -> Ports | None:
    try:
        ports = json.loads(files.ports.read_text(encoding="utf-8"))
        return Ports(broker=int(ports["broker"]), controller=int(ports["controller"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def any_free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
