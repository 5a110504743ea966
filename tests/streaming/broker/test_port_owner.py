"""Owners of a taken port that are no Kafka."""

import socket

import pytest

from streaming.broker import port_owner
from streaming.broker.port_owner import describe_owner
from tests.support.ports import free_port


def test_program_that_is_no_kafka_is_told_from_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_owner, "ASK_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert describe_owner(server.getsockname()[1]) == "a program that is no Kafka"
    assert describe_owner(free_port()) == "a program that is no Kafka"
