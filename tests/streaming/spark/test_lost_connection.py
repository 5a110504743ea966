"""A connection of Spark's accumulators that the JVM closes is a line of the debug log, and no traceback."""

import logging
import socket

import pytest
from pyspark.accumulators import AccumulatorTCPServer, UpdateRequestHandler

from streaming.spark.session import log_lost_connection


def test_a_closed_connection_prints_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(AccumulatorTCPServer, "handle_error", log_lost_connection)
    caplog.set_level(logging.DEBUG, "streaming.spark.session")
    with AccumulatorTCPServer(("127.0.0.1", 0), UpdateRequestHandler, "token") as server:
        with socket.create_connection(server.server_address) as client:
            client.sendall(b"token")
        server.handle_request()
    assert "Exception occurred" not in capfd.readouterr().err  # what Python's own server prints
    assert "connection of accumulators lost" in caplog.text
