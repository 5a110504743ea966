"""The embedded broker's life: ready, killed, restarted, stopped; on real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer

from streaming.broker import embedded as embedded_broker
from streaming.broker.config import BrokerFiles, Ports
from streaming.broker.embedded import EmbeddedBroker, read_bootstrap
from streaming.broker.process import is_running
from streaming.errors import BrokerError, BrokerNotReadyError, BrokerRunningError
from streaming.kafka.topics import describe_topics, fetch_offsets
from tests.support.waiting import WAIT_SECONDS, wait_until

ROOT = Path(__file__).resolve().parents[4]
TOPIC = "raw-price"


def test_acknowledged_records_and_the_address_survive_a_kill(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path, topics=[TOPIC])
    with broker:
        address = broker.bootstrap
        topic_id = _topic_id(address)
        _produce(address, [b"before"])

        broker.kill()
        assert not broker.is_running
        broker.start()
        broker.wait_ready()

        assert broker.bootstrap == address
        assert _topic_id(address) == topic_id
        _produce(address, [b"after"])
        assert _consume(address, n=2) == [b"after", b"before"]


def test_bootstrap_file_says_ready_and_goes_with_the_broker(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path, topics=[TOPIC]) as broker:
        assert read_bootstrap(tmp_path) == broker.bootstrap
        assert fetch_offsets({"bootstrap_servers": broker.bootstrap}, [TOPIC]) == {
            (TOPIC, 0): (0, 0),
            (TOPIC, 1): (0, 0),
        }
        pid = broker.pid

    assert read_bootstrap(tmp_path) is None
    assert pid is not None
    assert not is_running(pid, marker=str(tmp_path))


def test_folder_belongs_to_one_broker_at_a_time(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as first:
        with pytest.raises(BrokerRunningError) as caught:
            EmbeddedBroker(tmp_path).start()

        assert caught.value.wrapper_pid == os.getpid()
        assert first.is_running


def test_port_lost_to_another_broker_while_starting_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The other broker answers on the port that ours was to have: its answers must not be taken for ours.
    with EmbeddedBroker(tmp_path / "other", topics=[TOPIC]) as other:
        taken = int(other.bootstrap.rsplit(":", 1)[1])
        choose_ports = embedded_broker.choose_ports

        def choose_too_late(*arguments: object, **options: object) -> Ports:
            ports = choose_ports(*arguments, **options)  # type: ignore[arg-type]
            return ports if options.get("avoid_last") else Ports(broker=taken, controller=ports.controller)

        monkeypatch.setattr(embedded_broker, "choose_ports", choose_too_late)
        with EmbeddedBroker(tmp_path / "ours", topics=["ours"]) as ours:
            assert ours.bootstrap != other.bootstrap
            assert describe_topics({"bootstrap_servers": ours.bootstrap}, ["ours"])


def test_broker_whose_port_another_one_took_while_it_was_stopped_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ours = EmbeddedBroker(tmp_path / "ours", topics=[TOPIC])
    with ours:
        port = int(ours.bootstrap.rsplit(":", 1)[1])
    with EmbeddedBroker(tmp_path / "other", port, topics=[TOPIC]) as other, caplog.at_level("WARNING"):
        assert other.bootstrap == f"127.0.0.1:{port}"
        assert "port_taken" not in caplog.text
        with ours:
            assert ours.bootstrap != other.bootstrap
            assert _topic_id(ours.bootstrap) != _topic_id(other.bootstrap)

    cluster_id = embedded_broker._read_cluster_id(BrokerFiles(tmp_path / "other"))
    assert f"event=port_taken port={port} owner=another Kafka, with cluster id {cluster_id}" in caplog.text
    assert f"serves at {ours.bootstrap}" in caplog.text


def test_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path, overrides={"log.segment.bytes": "1"})

    with pytest.raises(BrokerError, match=r"log\.segment\.bytes"), broker:
        pass


def test_broker_that_ends_early_shows_the_end_of_its_log(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    broker.start()
    broker.kill()

    with pytest.raises(BrokerNotReadyError, match=r"the broker ended; log: .*broker\.log"):
        broker.wait_ready()


def test_absent_jars_name_the_set_up(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="run `cryptoviz jars`, or in a checkout `make setup`"):
        EmbeddedBroker(tmp_path / "broker", jars=tmp_path).start()


def test_command_survives_its_own_kill_without_an_orphan(tmp_path: Path) -> None:
    with _command(tmp_path) as (wrapper, address):
        _produce(address, [b"kept"])
        jvm = _jvm_pid(tmp_path)

        wrapper.kill()
        wrapper.wait()

        wait_until(lambda: not is_running(jvm, marker=str(tmp_path)), "the JVM to end")
    with _command(tmp_path) as (_, second_address):
        assert second_address == address
        assert _consume(second_address, n=1) == [b"kept"]


def test_signal_stops_the_command_cleanly(tmp_path: Path) -> None:
    with _command(tmp_path) as (wrapper, _):
        jvm = _jvm_pid(tmp_path)

        wrapper.send_signal(signal.SIGHUP)

        assert wrapper.wait(40) == 0
        assert wrapper.stdout is not None
        assert wrapper.stdout.read() == "broker: stopped\n"
    assert not is_running(jvm, marker=str(tmp_path))
    assert read_bootstrap(tmp_path) is None
    assert (tmp_path / "records" / ".kafka_cleanshutdown").exists()


def test_signal_while_starting_leaves_nothing_behind(tmp_path: Path) -> None:
    wrapper = _start_command(tmp_path)
    wait_until((tmp_path / "broker.pid").exists, "the JVM to be started")
    jvm = _jvm_pid(tmp_path)

    wrapper.send_signal(signal.SIGTERM)

    assert wrapper.wait(40) == 0
    assert not is_running(jvm, marker=str(tmp_path))


def test_status_and_stop_find_the_broker_of_another_process(tmp_path: Path) -> None:
    assert _ask("status", tmp_path) == (3, "broker: not running\n")
    with _command(tmp_path) as (wrapper, address):
        assert _ask("status", tmp_path) == (
            0,
            f"broker: running pid={_jvm_pid(tmp_path)} bootstrap={address}\n",
        )

        assert _ask("stop", tmp_path) == (0, "broker: stopped\n")

        assert wrapper.wait(40) == 0
    assert _ask("stop", tmp_path) == (0, "broker: was not running\n")


def test_command_whose_jvm_crashed_fails_in_one_line(tmp_path: Path) -> None:
    with _command(tmp_path) as (wrapper, _):
        os.kill(_jvm_pid(tmp_path), signal.SIGKILL)

        assert wrapper.wait(40) == 1
        assert wrapper.stderr is not None
        said = wrapper.stderr.read()
    assert said.startswith("broker: the broker ended by itself (exit code -9)")
    assert said.count("\n") == 1


def test_taken_port_is_left_to_its_owner(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as owner:
        port = owner.getsockname()[1]
        with _command(tmp_path, "--port", str(port)) as (_, address):
            assert address.startswith("127.0.0.1:")
            assert address != f"127.0.0.1:{port}"
            assert json.loads((tmp_path / "ports.json").read_text())["broker"] == int(
                address.rsplit(":", 1)[1]
            )


@contextmanager
def _command(directory: Path, *options: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`python -m streaming.broker start --topics`, ready, with its address."""
    wrapper = _start_command(directory, *options)
    assert wrapper.stdout is not None
    try:
        ready = wrapper.stdout.readline()
        assert ready.startswith("broker: ready bootstrap="), ready
        yield wrapper, ready.split("bootstrap=")[1].split()[0]
    finally:
        if wrapper.poll() is None:
            wrapper.terminate()
            wrapper.wait(40)
        for stream in (wrapper.stdout, wrapper.stderr):
            if stream is not None:
                stream.close()


def _start_command(directory: Path, *options: str) -> "subprocess.Popen[str]":
    command = [
        sys.executable,
        "-m",
        "streaming.broker",
        "start",
        "--topics",
        "--dir",
        str(directory),
        *options,
    ]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _ask(command: str, directory: Path) -> tuple[int, str]:
    arguments = [sys.executable, "-m", "streaming.broker", command, "--dir", str(directory)]
    ran = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    return ran.returncode, ran.stdout


def _jvm_pid(directory: Path) -> int:
    wait_until(lambda: (directory / "broker.pid").read_text().strip() != "", "the process id")
    return int((directory / "broker.pid").read_text())


def _topic_id(address: str) -> str:
    return describe_topics({"bootstrap_servers": address}, [TOPIC])[TOPIC].topic_id


def _produce(address: str, values: list[bytes]) -> None:
    producer = KafkaProducer(bootstrap_servers=address, acks="all")
    for value in values:
        producer.send(TOPIC, value).get(timeout=180)
    producer.close()


def _consume(address: str, *, n: int) -> list[bytes]:
    consumer = KafkaConsumer(TOPIC, bootstrap_servers=address, auto_offset_reset="earliest")
    values: list[bytes] = []
    deadline = time.monotonic() + WAIT_SECONDS
    while len(values) < n and time.monotonic() < deadline:
        for records in consumer.poll(timeout_ms=500).values():
            values += [record.value for record in records]
    consumer.close()
    return sorted(values)
