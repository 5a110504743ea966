"""Metrics and log lines of a collector."""

from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from streaming.collect.feeds.news import NewsCollector
from tests.streaming.collect.conftest import NOON_US
from tests.support.feeds import item, rss
from tests.support.scripted_server import Answer, ScriptedServer

MakeNews = Callable[..., NewsCollector]
NAMES = ("requests_total", "items_total", "errors_total", "last_answer_time_seconds")


def values() -> list[float]:
    return [
        REGISTRY.get_sample_value(f"cryptoviz_collect_{name}", {"source": "gazette"}) or 0 for name in NAMES
    ]


def test_requests_errors_and_items_are_counted_by_source(server: ScriptedServer, make_news: MakeNews) -> None:
    url = server.answer("/feed", Answer(body=rss(item(2), item(1))), Answer(status=304), Answer(status=500))
    collector = make_news(url)
    before = values()[:3]
    for _ in range(3):
        collector.poll()
    *after, last_answer_seconds = values()
    assert [now - then for now, then in zip(after, before, strict=True)] == [3, 2, 1]
    assert last_answer_seconds == NOON_US / 1e6


def test_source_is_exported_with_zeros_before_its_first_request(make_news: MakeNews) -> None:
    make_news("http://127.0.0.1:9/feed")
    assert REGISTRY.get_sample_value("cryptoviz_collect_errors_total", {"source": "gazette"}) is not None


def test_log_line_carries_its_fields_as_data(
    server: ScriptedServer, make_news: MakeNews, caplog: pytest.LogCaptureFixture
) -> None:
    collector = make_news(server.answer("/feed", Answer(body=rss(item(2), item(1))), Answer(status=500)))
    with caplog.at_level("INFO", logger="streaming.collect.feeds.news"):
        collector.poll()
        collector.poll()
    first, second = (line for line in caplog.records if line.name == "streaming.collect.feeds.news")
    assert (first.status, first.items, first.new) == (200, 2, 2)
    assert "status=200 bytes=" in first.getMessage()
    assert (second.status, second.failed, second.problem) == (500, 1, "status 500")
    assert "status=500 failed=1 problem='status 500' seconds=" in second.getMessage()
