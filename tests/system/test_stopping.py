"""Every program ends within 20 s of a signal, with exit code 0, from any state, and leaves no process behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lakehouse.process.kafka_settings import KafkaSettings
from streaming.broker.embedded import EmbeddedBroker
from streaming.kafka.topics import create_topics
from tests.support.processes import kill_session
from tests.support.shared_broker import without_topics
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 20.0
DEAD_BROKER = "127.0.0.1:1"
UNWELCOME = ("Traceback", "nanobind", "Exception ignored", "Exception in thread", "starting again")


@dataclass(frozen=True)
class Running:
    """A program in a process group of its own, and what it has printed."""

    process: subprocess.Popen[bytes]
    log_path: Path

    def log_text(self) -> str:
        return self.log_path.read_text(errors="replace")

    def wait_for(self, is_there: Callable[["Running"], bool], what: str) -> None:
        def is_there_or_ended() -> bool:
            assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.log_text()}"
            return is_there(self)

        wait_until(is_there_or_ended, what, describe_state=self.log_text)

    def n_left(self) -> int:
        """Return how many processes of the group are alive."""
        listed = subprocess.run(
            ["ps", "-o", "stat=", "-g", str(self.process.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        return sum(not state.startswith("Z") for state in listed)


@contextmanager
def running(tmp_path: Path, *command: str, **environ: str) -> Iterator[Running]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CRYPTOVIZ_")}
    log_path = tmp_path / "program.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=clean | {"CRYPTOVIZ_RUNTIME_DIR": str(tmp_path / "runtime")} | environ,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield Running(process, log_path)
    finally:
        if process.poll() is None:
            kill_session(process.pid)
            process.wait()


def assert_stops(program: Running, to: str, number: signal.Signals = signal.SIGTERM) -> None:
    (os.killpg if to == "group" else os.kill)(program.process.pid, number)
    try:
        code = program.process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.fail(f"it runs on {STOP_SECONDS:.0f} s after {number.name}: {program.log_text()}")
    assert code == 0, program.log_text()
    wait_until(lambda: program.n_left() == 0, "the end of what it started", timeout_seconds=10)
    assert not [text for text in UNWELCOME if text in program.log_text()], program.log_text()


def prints(text: str) -> Callable[[Running], bool]:
    return lambda program: text in program.log_text()


def has_jvm(program: Running) -> bool:
    command = ["pgrep", "-P", str(program.process.pid), "java"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def broker(broker_of_worker: EmbeddedBroker) -> EmbeddedBroker:
    broker = without_topics(broker_of_worker)
    create_topics(KafkaSettings(bootstrap_servers=broker.bootstrap).for_kafka_python())
    return broker


@pytest.fixture
def silent_server() -> Iterator[tuple[str, threading.Event]]:
    """Serve an address that accepts connections and never answers; the event is set at the first one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        was_asked = threading.Event()
        accepted: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    accepted.append(listener.accept()[0])
                    was_asked.set()
            except OSError:
                return

        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", was_asked
        for connection in accepted:
            connection.close()


LIGHT = {
    "news, no broker": (("streaming.collect", "news", "--sources", "{sources}"), "trying again in", {}),
    "prices, dead broker": (
        ("streaming.collect", "prices", "--sources", "{sources}", "--bootstrap", DEAD_BROKER),
        "trying again in",
        {},
    ),
    "news, no offline server": (("streaming.collect", "news", "--print"), "waiting for", {}),
    "feed, no broker": (("streaming.feed", "run"), "trying again in", {}),
    "feed, dead broker": (("streaming.feed", "live", "--bootstrap", DEAD_BROKER), "trying again in", {}),
    "offline, ready": (("streaming.offline", "--days", "0.1"), "offline ready", {}),
    "compaction, no lake": (("compaction", "run", "--every", "60"), "nothing to do yet", {}),
    "api, serving": (("api",), "API listening on", {"CRYPTOVIZ_HTTP_PORT": "0"}),
    "api, dead broker": (
        ("api",),
        "API listening on",
        {"CRYPTOVIZ_HTTP_PORT": "0", "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": DEAD_BROKER},
    ),
}

SOURCES = """
[[offline.news]]
source = "wire"
url = "http://127.0.0.1:1/feed"
origin = "generated"
poll_seconds = 5

[[offline.prices]]
venue = "simx"
exchange = "kraken"
url = "http://127.0.0.1:1/exchange"
origin = "generated"
symbols = ["BTC/USD"]
"""


@pytest.mark.parametrize("to", ["process", "group"])
@pytest.mark.parametrize("state", LIGHT)
def test_program_without_spark_ends(tmp_path: Path, state: str, to: str) -> None:
    command, text, environ = LIGHT[state]
    (tmp_path / "sources.toml").write_text(SOURCES)
    arguments = [part.format(sources=tmp_path / "sources.toml") for part in command]
    with running(tmp_path, *arguments, **environ) as program:
        program.wait_for(prints(text), text)
        assert_stops(program, to, signal.SIGINT if to == "group" else signal.SIGTERM)


@pytest.mark.parametrize("to", ["process", "group"])
def test_api_that_is_starting_ends(tmp_path: Path, to: str) -> None:
    with running(tmp_path, "api", CRYPTOVIZ_HTTP_PORT="0") as program:
        database = tmp_path / "runtime" / "metadata.sqlite3"
        program.wait_for(lambda _: database.exists(), "migration")
        assert_stops(program, to)


@pytest.mark.parametrize("to", ["process", "group"])
@pytest.mark.parametrize("state", ["starting", "ready"])
def test_broker_ends(tmp_path: Path, state: str, to: str) -> None:
    with running(tmp_path, "streaming.broker", "start") as program:
        pid_file = tmp_path / "runtime" / "broker" / "broker.pid"
        is_there = prints("broker: ready") if state == "ready" else lambda _: pid_file.exists()
        program.wait_for(is_there, state)
        assert_stops(program, to)
    assert not pid_file.exists()


def test_demo_that_is_starting_ends(tmp_path: Path) -> None:
    with running(tmp_path, "demo", CRYPTOVIZ_HTTP_PORT="0") as program:
        program.wait_for(prints("Kafka is ready"), "broker")
        assert_stops(program, "process")


@pytest.mark.parametrize(
    "command",
    [("streaming.ingest", "run"), ("compaction", "run", "--every", "60")],
    ids=["ingest", "compaction"],
)
def test_program_that_waits_for_the_storage_of_the_lake_ends(
    tmp_path: Path,
    broker: EmbeddedBroker,
    silent_server: tuple[str, threading.Event],
    command: tuple[str, ...],
) -> None:
    address, was_asked = silent_server
    options = {
        "aws_endpoint": f"https://{address}",
        "aws_access_key_id": "a",
        "aws_secret_access_key": "b",
        "aws_region": "us-east-1",
    }
    environ = {
        "CRYPTOVIZ_LAKE_URI": "s3://lake/lake",
        "CRYPTOVIZ_LAKE_STORAGE_OPTIONS": json.dumps(options),
        "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
    }
    with running(tmp_path, *command, **environ) as program:
        program.wait_for(lambda _: was_asked.is_set(), "a question to the storage")
        assert_stops(program, "process")


@pytest.mark.parametrize(
    ("command", "state", "to"),
    [
        (("streaming.ingest", "run"), has_jvm, "group"),
        (("streaming.ingest", "run"), prints("interrupted error=KafkaUnavailableError"), "process"),
        (("streaming.analysis", "run"), prints("interrupted error=KafkaUnavailableError"), "group"),
        (("streaming", "run", "--master", "spark://127.0.0.1:1"), has_jvm, "process"),
    ],
    ids=["starting", "ingest, dead broker", "analysis, dead broker", "no master"],
)
def test_spark_service_that_is_not_up_ends(
    tmp_path: Path, command: tuple[str, ...], state: Callable[[Running], bool], to: str
) -> None:
    with running(tmp_path, *command, CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS=DEAD_BROKER) as program:
        program.wait_for(state, "the state")
        assert_stops(program, to)


@pytest.mark.parametrize("to", ["process", "group"])
def test_stream_whose_spark_master_does_not_answer_ends(
    tmp_path: Path, silent_server: tuple[str, threading.Event], to: str
) -> None:
    address, was_asked = silent_server
    command = ("streaming", "run", "--master", f"spark://{address}")
    with running(tmp_path, *command, CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS=DEAD_BROKER) as program:
        program.wait_for(lambda _: was_asked.is_set(), "a question to the master")
        assert_stops(program, to)


@pytest.mark.parametrize("to", ["process", "group"])
def test_stream_in_the_middle_of_its_batches_ends(tmp_path: Path, broker: EmbeddedBroker, to: str) -> None:
    environ = {"CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap}
    feed = ("streaming.feed", "burst", "--count", "20000", "--rate", "2000")
    (tmp_path / "feed").mkdir()
    with running(tmp_path, "streaming", "run", **environ) as program:
        program.wait_for(prints("ingest starts"), "the start")
        with running(tmp_path / "feed", *feed, **environ):
            program.wait_for(prints("batch="), "a batch")
            assert_stops(program, to)


def test_second_signal_ends_at_once(tmp_path: Path) -> None:
    source = (
        "import sys, threading\n"
        "from lakehouse.process.stopping import run_until_stopped\n"
        "def work(stopping):\n"
        "    print('up', flush=True)\n"
        "    stopping.wait()\n"
        "    print('asked', flush=True)\n"
        "    threading.Event().wait()\n"
        "sys.exit(run_until_stopped(work, grace_seconds=60))\n"
    )
    (tmp_path / "endless.py").write_text(source)
    with running(tmp_path, "endless", PYTHONPATH=f"{tmp_path}:{ROOT}") as program:
        program.wait_for(prints("up"), "the start")
        os.kill(program.process.pid, signal.SIGTERM)
        program.wait_for(prints("asked"), "the first signal")

        def has_ended() -> bool:
            # Signals within a second of the first are one request with it.
            if program.process.poll() is None:
                os.kill(program.process.pid, signal.SIGTERM)
            return program.process.poll() is not None

        wait_until(has_ended, "the end")
        assert program.process.returncode == 128 + signal.SIGTERM
