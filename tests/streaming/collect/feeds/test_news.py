"""One feed over time: new texts are published once, and remembered once Kafka has them."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.messages.contract import RAW_NEWS
from lakehouse.messages.validation import Rejected, validate
from streaming.collect.errors import FetchError
from streaming.collect.feeds import news
from streaming.collect.feeds.fetch import Fetcher
from streaming.collect.feeds.news import NewsCollector, NewsState
from streaming.collect.metrics import REFUSED
from streaming.collect.rounds import run_rounds
from streaming.collect.state import StateStore
from streaming.kafka.messages import Message
from tests.streaming.collect.conftest import NOON_US, SetClock, Written
from tests.support.feeds import item, rss
from tests.support.scripted_server import Answer, ScriptedServer

MakeNews = Callable[..., NewsCollector]
HOUR_SECONDS = 3_600


class MemorySink:
    """A sink that stores messages; with ``fails`` its first flush fails."""

    def __init__(self, *, fails: bool = False) -> None:
        self.messages: list[Message] = []
        self._fails = fails

    def send(self, message: Message) -> None:
        self.messages.append(message)

    def flush(self) -> None:
        if self._fails:
            raise ConnectionError("killed before Kafka had it")


def test_a_text_becomes_the_contracts_message(server: ScriptedServer, make_news: MakeNews) -> None:
    url = server.answer("/feed", Answer(body=rss(item(1, title="Bitcoin rises"))))
    stored = MemorySink()

    make_news(url, sink=stored).poll()

    (message,) = stored.messages
    result = validate(RAW_NEWS.topic, key=message.key, value=message.value, broker_time_us=NOON_US)
    assert not isinstance(result, Rejected)
    assert message.key == b"gazette"
    assert message.value == (
        b'{"v":1,"message_id":"gazette:1795600800000000:71b4434063f83c01c408","origin":"collected",'
        b'"published_time":"2026-11-25T10:00:00.000Z","source":"gazette","dated_by":"published",'
        b'"title":"Bitcoin rises","summary":null,"url":"https://gazette.example/1","language":null,'
        b'"guid":"g1","collected_time":"2026-11-25T12:00:00.000Z"}'
    )


def test_only_what_is_new_is_published_also_after_a_restart(
    server: ScriptedServer, make_news: MakeNews, written: Written
) -> None:
    url = server.answer(
        "/feed",
        Answer(body=rss(item(1))),
        Answer(body=rss(item(2), item(1))),
        Answer(body=rss(item(3), item(2), item(1))),
    )
    collector = make_news(url)

    collector.poll()
    collector.poll()
    make_news(url).poll()

    assert written.titles == ["Text 1", "Text 2", "Text 3"]


def test_an_unchanged_feed_costs_a_304(server: ScriptedServer, make_news: MakeNews, written: Written) -> None:
    url = server.answer("/feed", Answer(headers={"ETag": '"1"'}, body=rss(item(1))), Answer(status=304))

    waits = [make_news(url).poll(), make_news(url).poll()]

    assert server.asked[1].headers["If-None-Match"] == '"1"'
    assert waits == [60, 60]
    assert written.titles == ["Text 1"]


@pytest.mark.parametrize("content_type", ["text/html", "application/rss+xml"])
@pytest.mark.parametrize("flaw", ["", "<br>", "</b>"])
def test_a_feed_with_flaws_gives_its_last_item_and_costs_a_304_later(
    server: ScriptedServer, make_news: MakeNews, written: Written, content_type: str, flaw: str
) -> None:
    headers = {"ETag": '"1"', "Content-Type": content_type}
    body = rss(item(1), item(2) | {"description": f"Text{flaw}"}) + b"<!--" + b"c" * 320 + b"-->"
    url = server.answer("/feed", Answer(headers=headers, body=body), Answer(status=304))

    waits = [make_news(url).poll(), make_news(url).poll()]

    assert waits == [60, 60]
    assert server.asked[1].headers["If-None-Match"] == '"1"'
    assert written.titles == ["Text 1", "Text 2"]


def test_a_text_changed_under_its_guid_or_moved_to_another_is_not_new(
    server: ScriptedServer, make_news: MakeNews, written: Written
) -> None:
    moved = item(1) | {"guid": "g9", "link": "http://www.gazette.example/1?utm_source=rss"}
    url = server.answer(
        "/feed",
        Answer(body=rss(item(1))),
        Answer(body=rss(item(1, title="Corrected"))),
        Answer(body=rss(moved)),
    )
    collector = make_news(url)

    for _ in range(3):
        collector.poll()

    assert written.titles == ["Text 1"]


def test_what_kafka_did_not_acknowledge_is_published_again_with_the_same_id(
    server: ScriptedServer, make_news: MakeNews
) -> None:
    url = server.answer("/feed", Answer(headers={"ETag": '"1"'}, body=rss(item(1), item(2, date=None))))
    lost, stored = MemorySink(fails=True), MemorySink()

    with pytest.raises(ConnectionError):
        make_news(url, sink=lost).poll()
    make_news(url, sink=stored).poll()

    assert "If-None-Match" not in server.asked[1].headers
    assert [message.value for message in stored.messages] == [message.value for message in lost.messages]
    assert len(stored.messages) == 2


def test_a_text_without_a_time_keeps_the_one_at_which_it_was_first_seen(
    server: ScriptedServer, make_news: MakeNews, clock: SetClock
) -> None:
    url = server.answer("/feed", Answer(body=rss(item(1, date="some day"))))
    lost, stored = MemorySink(fails=True), MemorySink()

    with pytest.raises(ConnectionError):
        make_news(url, sink=lost).poll()
    clock.at_us += 5_000_000
    make_news(url, sink=stored).poll()

    value = stored.messages[0].value or b""
    assert b'"published_time":"2026-11-25T12:00:00.000Z"' in value
    assert b'"dated_by":"first_seen"' in value
    assert b'"collected_time":"2026-11-25T12:00:05.000Z"' in value


@pytest.mark.parametrize("date", ["Wed, 25 Nov 2036 10:00:00 GMT", "Thu, 01 Jan 1970 00:00:01 GMT"])
def test_an_impossible_time_is_replaced(
    server: ScriptedServer, make_news: MakeNews, written: Written, date: str
) -> None:
    make_news(server.answer("/feed", Answer(body=rss(item(1, date=date))))).poll()

    assert written.messages[0]["published_time"] == "2026-11-25T12:00:00.000Z"
    assert written.messages[0]["dated_by"] == "first_seen"


@pytest.mark.parametrize("own_clock_minutes", [-1_440, -7, 0, 7, 1_440])
def test_a_time_that_the_server_s_clock_has_reached_is_kept_whatever_ours_says(
    server: ScriptedServer, make_news: MakeNews, written: Written, clock: SetClock, own_clock_minutes: int
) -> None:
    date = "Wed, 25 Nov 2026 11:59:00 GMT"
    clock.at_us += own_clock_minutes * 60_000_000
    server.now_seconds = lambda: NOON_US / 1e6
    url = server.answer("/feed", Answer(body=rss(item(1, date=date))))

    make_news(url).poll()

    assert written.messages[0]["published_time"] == "2026-11-25T11:59:00.000Z"
    assert written.messages[0]["dated_by"] == "published"


def test_a_text_dated_while_both_clocks_were_slow_keeps_its_id_when_they_are_mended(
    server: ScriptedServer, make_news: MakeNews, clock: SetClock
) -> None:
    url = server.answer("/feed", Answer(body=rss(item(1, date="Wed, 25 Nov 2026 11:59:00 GMT"))))
    lost, stored = MemorySink(fails=True), MemorySink()
    server.now_seconds = lambda: clock.at_us / 1e6

    clock.at_us -= HOUR_SECONDS * 1_000_000
    with pytest.raises(ConnectionError):
        make_news(url, sink=lost).poll()
    clock.at_us += HOUR_SECONDS * 1_000_000
    make_news(url, sink=stored).poll()

    ids = {json.loads(each.value or b"")["message_id"] for each in (*lost.messages, *stored.messages)}
    assert len(ids) == 1


def test_a_wait_after_a_restart_is_never_longer_than_it_was(
    server: ScriptedServer, make_news: MakeNews, clock: SetClock
) -> None:
    url = server.answer("/feed", Answer(status=429, headers={"Retry-After": "3600"}))
    make_news(url).poll()

    clock.at_us -= 30 * 86_400_000_000

    assert make_news(url).first_wait_seconds() == HOUR_SECONDS


def test_a_refusal_is_obeyed_also_after_a_restart(
    server: ScriptedServer, make_news: MakeNews, clock: SetClock
) -> None:
    url = server.answer(
        "/feed", Answer(status=429, headers={"Retry-After": "3600"}), Answer(body=rss(item(1)))
    )

    wait_seconds = make_news(url).poll()
    clock.at_us += 600_000_000

    assert wait_seconds == HOUR_SECONDS
    assert make_news(url).first_wait_seconds() == HOUR_SECONDS - 600


def test_waits_grow_with_failures_and_a_success_resets_them(
    server: ScriptedServer, make_news: MakeNews, written: Written
) -> None:
    broken = Answer(status=500)
    url = server.answer("/feed", broken, broken, broken, Answer(body=rss(item(1))))
    collector = make_news(url)

    assert [collector.poll() for _ in range(4)] == [120, 240, 480, 60]
    assert written.titles == ["Text 1"]


def test_a_moved_feed_is_requested_at_its_new_address_from_now_on(
    server: ScriptedServer, make_news: MakeNews, written: Written
) -> None:
    server.answer("/new", Answer(body=rss(item(1))))
    url = server.answer("/old", Answer(status=301, headers={"Location": "/new"}))

    make_news(url).poll()
    make_news(url).poll()

    assert [asked.path for asked in server.asked] == ["/old", "/new", "/new"]
    assert written.titles == ["Text 1"]


def test_a_feed_that_is_gone_is_never_requested_again(server: ScriptedServer, make_news: MakeNews) -> None:
    url = server.answer("/feed", Answer(status=410))

    assert make_news(url).poll() is None
    assert make_news(url).first_wait_seconds() is None
    assert make_news(server.answer("/elsewhere", Answer(body=rss()))).first_wait_seconds() == 0


def test_a_truncated_feed_gives_whole_items_and_is_requested_in_full(
    server: ScriptedServer, make_news: MakeNews, written: Written
) -> None:
    whole = rss(item(2), item(1))
    url = server.answer(
        "/feed",
        Answer(headers={"ETag": '"1"'}, body=whole[: whole.index(b"Text 1") + 3]),
        Answer(headers={"ETag": '"1"'}, body=whole),
    )
    collector = make_news(url)

    collector.poll()
    collector.poll()

    assert "If-None-Match" not in server.asked[1].headers
    assert written.titles == ["Text 2", "Text 1"]


@pytest.mark.parametrize(
    "body", [b"<!DOCTYPE rss [<!ENTITY a 'a'>]><rss/>", b"<html/>", b"\x00\xff\x00", b""]
)
def test_what_is_no_feed_counts_as_a_failure(
    server: ScriptedServer, make_news: MakeNews, written: Written, body: bytes
) -> None:
    assert make_news(server.answer("/feed", Answer(body=body))).poll() == 120
    assert written.messages == []


def test_memory_is_bounded_but_holds_all_that_is_listed(
    server: ScriptedServer, make_news: MakeNews, written: Written, tmp_path: Path
) -> None:
    numbers = [range(start, start + 500) for start in (0, 500, 1_000, 1_500, 2_000, 2_000)]
    url = server.answer("/feed", *(Answer(body=rss(*map(item, each))) for each in numbers))
    collector = make_news(url)

    for _ in numbers:
        collector.poll()

    assert len(written.titles) == len(set(written.titles)) == 2_500
    assert len(StateStore(tmp_path).read("gazette", NewsState).seen_texts.texts) == 2_000


RAISED = [
    ValueError("\ud83d"),
    RecursionError("too deep"),
    MemoryError(),
    AssertionError(),
    UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed"),
    LookupError("unknown encoding"),
    KeyError("title"),
    RuntimeError("line one\nline two"),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("stage", ["fetch", "parse"])
def test_whatever_one_source_raises_is_its_own_failure(
    server: ScriptedServer,
    make_news: MakeNews,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    stage: str,
    error: Exception,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    url = server.answer("/feed", Answer(headers={"ETag": '"1"'}, body=rss(item(1))))
    monkeypatch.setattr(*((Fetcher, "fetch") if stage == "fetch" else (news, "parse_feed")), fail)
    caplog.set_level(logging.INFO)

    wait_seconds = make_news(url).poll()

    (record,) = (each for each in caplog.records if each.name.startswith("streaming"))
    assert wait_seconds == 120
    assert "source=gazette" in record.getMessage()
    assert type(error).__name__ in record.getMessage()
    assert "\n" not in record.getMessage()
    record.getMessage().encode()
    assert record.exc_info is None
    assert make_news(url).first_wait_seconds() == 120


def test_a_traceback_is_there_at_debug_level(
    server: ScriptedServer,
    make_news: MakeNews,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(news, "parse_feed", lambda *_, **__: {}["no such key"])
    caplog.set_level(logging.DEBUG, logger="streaming.collect")

    make_news(server.answer("/feed", Answer(body=rss(item(1))))).poll()

    debug, info = (each for each in caplog.records if each.name.startswith("streaming"))
    assert (debug.levelname, info.levelname) == ("DEBUG", "INFO")
    assert debug.exc_info is not None


def test_a_source_that_raises_leaves_the_others_their_turn(
    server: ScriptedServer, make_news: MakeNews, written: Written, clock: SetClock
) -> None:
    poisoned = server.answer("/poisoned", Answer(headers={"ETag": "\u00e9"}, body=b"\x1f\x8b<rss>"))
    good = server.answer("/good", Answer(body=rss(item(1))))

    run_rounds([make_news(poisoned), make_news(good)], clock, seconds=30.0)

    assert written.titles == ["Text 1"]


@pytest.mark.parametrize(
    "title",
    ["BTC &#55357;&#56960; up", "BTC &#xD83D;", "BTC &#99999999;", "Why &lt;![x]&gt; matters for BTC"],
)
def test_a_text_that_a_parser_chokes_on_is_published_with_its_neighbours(
    server: ScriptedServer, make_news: MakeNews, written: Written, title: str
) -> None:
    url = server.answer("/feed", Answer(body=rss(item(1, title=title), item(2))))

    assert make_news(url).poll() == 60
    assert len(written.titles) == 2


def test_an_item_that_cannot_become_a_message_is_counted_and_the_others_are_published(
    server: ScriptedServer,
    make_news: MakeNews,
    written: Written,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    name_of = news.name_of
    monkeypatch.setattr(news, "name_of", lambda each: {}[0] if each.title == "Text 2" else name_of(each))
    monkeypatch.setattr(news, "_name_digest", lambda each: each.title)
    before = REFUSED.labels("gazette")._value.get()
    caplog.set_level(logging.INFO)

    make_news(server.answer("/feed", Answer(body=rss(item(1), item(2), item(3))))).poll()

    assert written.titles == ["Text 1", "Text 3"]
    assert REFUSED.labels("gazette")._value.get() == before + 1
    assert "refused=1 problem='KeyError: 0'" in caplog.records[-1].getMessage()


@pytest.mark.parametrize("raised", [FetchError("closed"), ConnectionError("closed")])
def test_what_the_sink_raises_is_no_failure_of_the_source(
    server: ScriptedServer, make_news: MakeNews, raised: Exception
) -> None:
    class Broken(MemorySink):
        def send(self, message: Message) -> None:
            raise raised

    collector = make_news(server.answer("/feed", Answer(body=rss(item(1)))), sink=Broken())

    with pytest.raises(type(raised)):
        collector.poll()
    assert collector.first_wait_seconds() == 0


def test_an_etag_that_cannot_be_sent_back_is_not_remembered(
    server: ScriptedServer, make_news: MakeNews, written: Written
) -> None:
    url = server.answer("/feed", Answer(headers={"ETag": '"\u00e9"'}, body=rss(item(1))))

    assert [make_news(url).poll(), make_news(url).poll()] == [60, 60]
    assert written.titles == ["Text 1"]


def test_texts_that_share_a_guid_or_an_address_are_all_published_once(
    server: ScriptedServer, make_news: MakeNews, written: Written
) -> None:
    guids = [item(n) | {"guid": "0"} for n in range(3)]
    fragments = [{"title": f"Post {n}", "link": f"https://gazette.example/live#post-{n}"} for n in range(3)]
    titles = [{"title": f"News {n}", "link": "https://gazette.example/"} for n in range(3)]
    everything = [*guids, *fragments, *titles]
    url = server.answer("/feed", *(Answer(body=rss(*everything[start:])) for start in range(len(everything))))

    for _ in everything:
        make_news(url).poll()

    assert sorted(written.titles) == sorted(each["title"] for each in everything)
    assert len({message["message_id"] for message in written.messages}) == len(everything)


def test_a_message_id_is_the_same_whether_a_neighbour_shares_its_guid_or_has_left(
    server: ScriptedServer, make_news: MakeNews
) -> None:
    one, other = item(1) | {"guid": "0"}, item(2) | {"guid": "0"}
    lost, stored = MemorySink(fails=True), MemorySink()
    url = server.answer("/feed", Answer(body=rss(one, other)), Answer(body=rss(other)))

    with pytest.raises(ConnectionError):
        make_news(url, sink=lost).poll()
    make_news(url, sink=stored).poll()

    assert [message.value for message in stored.messages] == [lost.messages[1].value]
