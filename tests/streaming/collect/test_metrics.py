"""What a collector counts of its source."""

from collections.abc import Callable

from prometheus_client import REGISTRY

from streaming.collect.news import NewsCollector
from tests.streaming.collect.conftest import NOON_US
from tests.support.feeds import item, rss
from tests.support.scripted_server import Answer, ScriptedServer

MakeNews = Callable[..., NewsCollector]
NAMES = ("asked_total", "items_total", "errors_total", "last_answer_time_seconds")


def values() -> list[float]:
    return [
        REGISTRY.get_sample_value(f"cryptoviz_collect_{name}", {"source": "gazette"}) or 0 for name in NAMES
    ]


def test_source_is_told_by_what_it_gave_and_what_it_did_not(
    server: ScriptedServer, make_news: MakeNews
) -> None:
    url = server.answer("/feed", Answer(body=rss(item(2), item(1))), Answer(status=304), Answer(status=500))
    collector = make_news(url)
    before = values()[:3]
    for _ in range(3):
        collector.poll()
    *after, last_answer_seconds = values()
    assert [now - then for now, then in zip(after, before, strict=True)] == [3, 2, 1]
    assert last_answer_seconds == NOON_US / 1e6


def test_source_that_was_never_asked_is_there_with_zeros(make_news: MakeNews) -> None:
    make_news("http://127.0.0.1:9/feed")
    assert REGISTRY.get_sample_value("cryptoviz_collect_errors_total", {"source": "gazette"}) is not None
