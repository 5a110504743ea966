"""The embedded broker: a real Apache Kafka, one KRaft node on loopback, for a machine that has no cluster."""

from __future__ import annotations

import base64
import logging
import os
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from lakehouse.process.durable_file import replace_file
from lakehouse.process.stopping import NEVER, pause
from streaming.broker.config import (
    LOG4J_PROPERTIES,
    LOOPBACK,
    BrokerFiles,
    Ports,
    choose_ports,
    known_port,
    read_pid,
    to_properties,
    write_ports,
)
from streaming.broker.port_owner import warn_of_lost_port
from streaming.broker.process import BoundProcess, end_process, is_running
from streaming.errors import BrokerError, BrokerNotReadyError, BrokerRunningError
from streaming.jars.folder import INSTALL_HINT, KAFKA_JARS
from streaming.kafka.topics import create_topics, is_serving
from streaming.spark.class_archives import archive_options, broker_archive, own_jars
from streaming.spark.java import find_jdk

READY_SECONDS = 60.0
PROBE_SECONDS = 5.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.05
N_PORT_ATTEMPTS = 4
WEEK_HOURS = 7 * 24.0
# Serial GC and C1 alone, measured against G1 and C2: 2.6 s of CPU to start instead of 4.2, 165 MB resident
# instead of 210, and half the CPU for the next 200,000 records.
JVM_FLAGS = ("-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.disableJmx=true")

logger = logging.getLogger(__name__)


class EmbeddedBroker:
    """Broker on one directory. What it acknowledged survives stop(), kill() and this process's death.

    >>> with EmbeddedBroker(Path("/tmp/broker")) as broker:  # doctest: +SKIP
    ...     broker.bootstrap
    '127.0.0.1:9092'
    """

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        retention_hours: float = WEEK_HOURS,
        n_default_partitions: int = 2,
        topics: Sequence[str] = (),
        overrides: Mapping[str, str] | None = None,
        jars: Path = KAFKA_JARS,
        stopping: threading.Event = NEVER,
    ) -> None:
        """Make a broker that is not started yet.

        `port` is a wish; `topics` exist before it is ready; `overrides` replace properties of Kafka's; `stopping` ends
        the wait for it to become ready.
        """
        self._files = BrokerFiles(directory.resolve())
        self._port = port
        self._retention_hours = retention_hours
        self._n_default_partitions = n_default_partitions
        self._topics = tuple(topics)
        self._overrides = dict(overrides or {})
        self._jars = jars
        self._stopping = stopping
        self._lock = FileLock(self._files.lock, thread_local=False)
        self._process: BoundProcess | None = None
        self._ports: Ports | None = None

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients. Raises: BrokerError before start()."""
        if self._ports is None:
            raise BrokerError(f"the broker on {self._files.directory} was not started")
        return f"{LOOPBACK}:{self._ports.broker}"

    @property
    def pid(self) -> int | None:
        """The JVM's process id while it runs."""
        return self._process.pid if self._process is not None and self.is_running else None

    @property
    def log_path(self) -> Path:
        return self._files.log

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.exit_code is None

    def __enter__(self) -> EmbeddedBroker:
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the JVM and return at once; a JVM left by a killed process is ended first.

        Raises: BrokerRunningError, JavaNotFoundError, BrokerError if the jars are missing.
        """
        if self.is_running:
            raise BrokerRunningError(self._files.directory, os.getpid())
        if "," in str(self._files.directory):
            raise BrokerError(
                f"Kafka takes a comma for two folders: choose another one than {self._files.directory}"
            )
        self._lock.release(force=True)  # The JVM may have ended by itself.
        self._files.directory.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            end_leftover(self._files, number=signal.SIGKILL)
            self._files.bootstrap.unlink(missing_ok=True)
            known = known_port(self._files, self._port)
            ports = choose_ports(self._files, port=self._port)
            self._launch(ports)
            if known is not None and known != ports.broker:
                warn_of_lost_port(known, self.bootstrap)
        except BaseException:
            self._lock.release(force=True)
            raise

    def wait_ready(self, timeout_seconds: float = READY_SECONDS) -> str:
        """Return the bootstrap once clients are served: metadata is answered and a topic could be created.

        Raises: BrokerNotReadyError with the end of the log.
        """
        deadline = time.monotonic() + timeout_seconds
        for _ in range(N_PORT_ATTEMPTS):
            if self._serves_before(deadline):
                if self._topics:
                    config = {"bootstrap_servers": self.bootstrap}
                    create_topics(config, self._topics, n_partitions=self._n_default_partitions)
                replace_file(self._files.bootstrap, f"{self.bootstrap}\n".encode())
                return self.bootstrap
            if not self._lost_its_port():
                break
            lost = self._ports
            self._launch(choose_ports(self._files, port=None, avoid_last=True))
            if lost is not None:
                warn_of_lost_port(lost.broker, self.bootstrap)
        state = f"was not ready in {timeout_seconds:.0f} s" if self.is_running else "ended"
        log = self._files.log
        raise BrokerNotReadyError(f"the broker {state}", log_path=log, log_tail=_read_tail(log))

    def wait(self, timeout_seconds: float | None = None) -> int | None:
        """Return the JVM's exit code, or None if it still runs after that time."""
        if self._process is None:
            raise BrokerError(f"the broker on {self._files.directory} was not started")
        self._process.wait(timeout_seconds)
        return self._process.exit_code

    def kill(self) -> None:
        """Send SIGKILL, as a crash would: nothing is flushed or cleaned. Idempotent."""
        if self._process is not None:
            self._process.signal(signal.SIGKILL)
            self._process.wait()
        self._lock.release(force=True)

    def stop(self, timeout_seconds: float = STOP_SECONDS) -> None:
        """Stop cleanly, by force after `timeout_seconds`. Idempotent; does nothing after kill()."""
        if not self._lock.is_locked:
            return
        if self._process is not None:
            self._process.signal(signal.SIGTERM)
            if not self._process.wait(timeout_seconds):
                logger.warning("event=forced_stop seconds=%.0f", timeout_seconds)
        self._files.bootstrap.unlink(missing_ok=True)
        self._files.pid.unlink(missing_ok=True)
        self.kill()

    def _take_lock(self) -> None:
        """Take the folder's lock, which the kernel frees however this process ends."""
        try:
            self._lock.acquire(blocking=False)
        except Timeout as error:
            raise BrokerRunningError(self._files.directory, read_pid(self._files.lock)) from error
        self._files.lock.write_text(f"{os.getpid()}\n", encoding="utf-8")

    def _launch(self, ports: Ports) -> None:
        self._ports = ports
        properties = to_properties(
            self._files,
            ports,
            retention_hours=self._retention_hours,
            n_default_partitions=self._n_default_partitions,
            overrides=self._overrides,
        )
        self._files.properties.write_text(properties, encoding="utf-8")
        self._files.log4j.write_text(LOG4J_PROPERTIES, encoding="utf-8")
        write_ports(self._files, ports)
        java = [*_to_java_command(self._jars), f"-Dlog4j2.configurationFile={self._files.log4j}"]
        _format_once(self._files, java)
        if self._files.log.exists():
            self._files.log.replace(self._files.previous_log)
        command = [*java, "kafka.Kafka", str(self._files.properties)]
        self._process = BoundProcess(command, log_path=self._files.log)
        self._files.pid.write_text(f"{self._process.pid}\n", encoding="utf-8")

    def _serves_before(self, deadline: float) -> bool:
        while self.is_running and time.monotonic() < deadline:
            if _answers(self.bootstrap, self._files, timeout_seconds=deadline - time.monotonic()):
                return self.is_running
            pause(self._stopping, POLL_SECONDS)
        return False

    def _lost_its_port(self) -> bool:
        return not self.is_running and "Address already in use" in _read_tail(self._files.log)


def read_bootstrap(directory: Path) -> str | None:
    """Return the bootstrap of a broker that is ready on this directory, else None."""
    try:
        return BrokerFiles(directory).bootstrap.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def end_leftover(files: BrokerFiles, *, number: signal.Signals) -> bool:
    """End the JVM that the pid file names, if it is this folder's broker; return whether there was one."""
    pid = read_pid(files.pid)
    if pid is None or not is_running(pid, marker=str(files.properties)):
        return False
    end_process(pid, marker=str(files.properties), number=number)
    return True


def _to_java_command(jars: Path) -> list[str]:
    class_path = os.pathsep.join(str(jar) for jar in own_jars(jars))
    if not class_path:
        raise BrokerError(f"no jars in {jars}: {INSTALL_HINT}")
    jdk = find_jdk()
    return [str(jdk.java), *JVM_FLAGS, *archive_options(broker_archive(jdk, jars)), "-cp", class_path]


def _format_once(files: BrokerFiles, java: Sequence[str]) -> None:
    """Give a new folder its cluster id; `--ignore-formatted` completes a format that was cut off."""
    if (files.records / "meta.properties").exists() and (files.records / "bootstrap.checkpoint").exists():
        return
    tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", to_cluster_id(uuid.uuid4())]
    command = [*java, *tool, "-c", str(files.properties)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BrokerError(f"cannot format {files.records}: {(done.stdout + done.stderr).strip()[-1000:]}")


def to_cluster_id(random_id: uuid.UUID) -> str:
    """Return a cluster id as Kafka writes them; never one that starts with `-`, which its tools take for an option.

    >>> to_cluster_id(uuid.UUID(int=0xF8 << 120))
    '_AAAAAAAAAAAAAAAAAAAAA'
    """
    text = base64.urlsafe_b64encode(random_id.bytes).decode().rstrip("=")
    return "_" + text[1:] if text.startswith("-") else text


def _answers(bootstrap: str, files: BrokerFiles, *, timeout_seconds: float) -> bool:
    """Return whether this very broker serves clients; another one may have taken the port meanwhile."""
    host, port = bootstrap.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=1.0).close()
    except OSError:
        return False
    return is_serving(
        {"bootstrap_servers": bootstrap},
        cluster_id=_read_cluster_id(files),
        timeout_seconds=min(PROBE_SECONDS, max(0.1, timeout_seconds)),
    )


def _read_cluster_id(files: BrokerFiles) -> str:
    """Return the id that the format gave this folder."""
    text = (files.records / "meta.properties").read_text(encoding="utf-8")
    properties = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return properties["cluster.id"]


def _read_tail(path: Path, *, n_bytes: int = 3000) -> str:
    try:
        return path.read_bytes()[-n_bytes:].decode(errors="replace").strip()
    except OSError:
        return ""
