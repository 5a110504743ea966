"""Configuration of the embedded broker, without starting it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from streaming.broker.config import BrokerFiles, Ports, choose_ports, is_free, to_properties, write_ports
from tests.support.ports import free_port


@pytest.fixture
def files(tmp_path: Path) -> BrokerFiles:
    return BrokerFiles(tmp_path)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _properties(files: BrokerFiles, **overrides: str) -> dict[str, str]:
    text = to_properties(
        files,
        Ports(broker=1111, controller=2222),
        retention_hours=1.5,
        n_default_partitions=3,
        overrides=overrides,
    )
    return dict(line.split("=", 1) for line in text.splitlines())


def test_restarted_broker_gets_the_ports_that_its_clients_know(files: BrokerFiles) -> None:
    last = Ports(broker=free_port(), controller=free_port())
    write_ports(files, last)

    assert choose_ports(files, port=None) == last


def test_wished_port_wins_over_the_last_one(files: BrokerFiles) -> None:
    write_ports(files, Ports(broker=free_port(), controller=free_port()))
    wished = free_port()

    assert choose_ports(files, port=wished).broker == wished


def test_taken_port_is_replaced_by_a_free_one(files: BrokerFiles, taken_port: int) -> None:
    ports = choose_ports(files, port=taken_port)

    assert ports.broker != taken_port
    assert is_free(ports.broker)


def test_last_port_that_is_taken_by_now_is_replaced(files: BrokerFiles, taken_port: int) -> None:
    write_ports(files, Ports(broker=taken_port, controller=taken_port))

    ports = choose_ports(files, port=None)

    assert taken_port not in (ports.broker, ports.controller)
    assert ports.broker != ports.controller


def test_unreadable_record_of_the_last_ports_is_ignored(files: BrokerFiles) -> None:
    files.ports.write_text('{"broker": "half', encoding="utf-8")

    assert is_free(choose_ports(files, port=None).broker)


def test_nothing_listens_beyond_loopback(files: BrokerFiles) -> None:
    properties = _properties(files)

    assert properties["listeners"] == "PLAINTEXT://127.0.0.1:1111,CONTROLLER://127.0.0.1:2222"
    assert properties["advertised.listeners"] == "PLAINTEXT://127.0.0.1:1111"


def test_records_carry_the_brokers_time_and_no_topic_appears_by_accident(files: BrokerFiles) -> None:
    properties = _properties(files)

    assert properties["log.message.timestamp.type"] == "LogAppendTime"
    assert properties["auto.create.topics.enable"] == "false"
    assert properties["log.retention.ms"] == "5400000"
    assert properties["num.partitions"] == "3"


def test_override_wins(files: BrokerFiles) -> None:
    properties = _properties(files, **{"log.retention.ms": "-1"})

    assert properties["log.retention.ms"] == "-1"


def test_folder_that_is_not_ascii_is_written_as_java_reads_it(tmp_path: Path) -> None:
    properties = _properties(BrokerFiles(tmp_path / "café 😀" / "a\\b"))

    assert properties["log.dirs"].endswith(r"caf\u00e9 \ud83d\ude00/a\\b/records")
