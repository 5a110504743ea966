"""Addresses of metrics are parsed, and metrics are served at them."""

import logging
import socket

import pytest

from lakehouse.errors import SettingError
from lakehouse.process.metrics import MetricsAddress, parse_addresses, serve_metrics
from lakehouse.process.settings import Settings


def test_each_process_has_an_address() -> None:
    assert parse_addresses("stream=127.0.0.1:9101, news=[::1]:9102") == {
        "stream": MetricsAddress("127.0.0.1", 9101),
        "news": MetricsAddress("::1", 9102),
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("9101", "'9101' is not process=host:port"),
        ("stream=:9101", "is not process"),
        ("stream=127.0.0.1:0", "is not process"),
        ("stream=127.0.0.1:65536", "is not process"),
        ("api=127.0.0.1:9101", "'api' is none of stream, ingest"),
        ("news=a:1,news=a:2", "news is named twice"),
    ],
)
def test_address_that_cannot_be_used_says_why(text: str, problem: str) -> None:
    with pytest.raises(SettingError, match=f"CRYPTOVIZ_METRICS.*{problem}"):
        Settings.from_environ({"CRYPTOVIZ_METRICS": text})


def test_address_that_is_taken_costs_the_metrics_alone(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, caplog.at_level(logging.ERROR):
        port = taken.getsockname()[1]
        serve_metrics("stream", {"stream": MetricsAddress("127.0.0.1", port)})
    assert f"no metrics process=stream address=127.0.0.1:{port}" in caplog.text
