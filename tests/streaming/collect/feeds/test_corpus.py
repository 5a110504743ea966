"""Feeds of feedparser's own tests and mutations of them: none raises, and titles and times agree with the corpus."""

import ast
import calendar
import io
import json
import re
from datetime import datetime

import feedparser
import pytest

from lakehouse.messages.contract import RAW_NEWS
from lakehouse.time_range import SECOND_US, to_us
from streaming.collect.feeds.document import parse_feed
from streaming.collect.feeds.identity import name_of, traits_of
from streaming.collect.feeds.item import FeedDocument
from streaming.collect.feeds.plain_text import to_plain_text
from streaming.collect.feeds.published_time import read_time_us
from streaming.kafka.messages import to_value
from tests.support.feed_corpus import CorpusFeed, mutated_feeds, read_corpus
from tests.support.profiles import sized

pytestmark = pytest.mark.heavy

URL = "https://gazette.example/feed"
TITLE = re.compile(r"entries\[(\d)\]\.?\[?'?title'?\]?\s*==\s*(u?'(?:[^'\\]|\\.)*')")
IS_TAG = "a word in angle brackets that HTML has is a tag: feeds do not say whether a title is HTML"
OTHER_TITLES = {
    "wellformed/atom/entry_title_text_plain_brackets.xml": IS_TAG,
    "wellformed/atom10/entry_title_text_plain_brackets.xml": IS_TAG,
    "wellformed/sanitize/entry_title_crazy.xml": "a comment ends at its end, not at the first bracket",
}
NO_INSTANT = "a month or a year is no instant"
NO_CERTAIN_YEAR = "numbers of two digits may be day, month or year"
NO_ZONE = "a time without a zone is UTC, not the zone of a country"
WRONG_FORM = "no form of ISO 8601, and its parts may be others"
STATED_TIMES = (
    ("Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T17:00:00+00:00", None),
    ("2004-július-13T9:15-05:00", "2004-07-13T14:15:00+00:00", None),
    ("-0312", "2003-12-01T00:00:00+00:00", NO_CERTAIN_YEAR),
    ("031231", "2003-12-31T00:00:00+00:00", NO_CERTAIN_YEAR),
    ("03-12-31", "2003-12-31T00:00:00+00:00", NO_CERTAIN_YEAR),
    ("-03-12", "2003-12-01T00:00:00+00:00", NO_CERTAIN_YEAR),
    ("03335", "2003-12-01T00:00:00+00:00", NO_CERTAIN_YEAR),
    ("2003-12-31T10:14:55.1234Z", "2003-12-31T10:14:55+00:00", None),
    ("2003-012-31T10:14:55+00:00", "2003-12-31T10:14:55+00:00", WRONG_FORM),
    ("2004-05-25 오후 11:23:17", "2004-05-25T14:23:17+00:00", NO_ZONE),
    ("2004년 05월 28일  01:31:15", "2004-05-27T16:31:15+00:00", NO_ZONE),
    ("Fri, 2006/09/15 08:19:53 EDT", "2006-09-15T12:19:53+00:00", None),
    ("Thu, 30 Apr 2015 08:57:00 MET", "2015-04-30T07:57:00+00:00", None),
    ("Thu, 30 Apr 2015 08:57:00 MEST", "2015-04-30T06:57:00+00:00", None),
    ("Thu, 01 Jan 0100 00:00:01 +0100", "0099-12-31T23:00:01+00:00", None),
    ("Thu, 01 Jan 04 19:48:21 GMT", "2004-01-01T19:48:21+00:00", None),
    ("Thu, 01 Jan 2004 19:48:21 GMT", "2004-01-01T19:48:21+00:00", None),
    ("Thu,  5 Apr 2012 10:00:00 GMT", "2012-04-05T10:00:00+00:00", None),
    ("Wed, 19 Aug 2009 18:28:00 Etc/GMT", "2009-08-19T18:28:00+00:00", None),
    ("Wed, 19 Feb 2012 22:40:00 GMT-01:01", "2012-02-19T23:41:00+00:00", None),
    ("Wed, 19 Feb 2012 22:40:00 -01:01", "2012-02-19T23:41:00+00:00", None),
    ("Mon, 13 Feb, 2012 06:28:00 UTC", "2012-02-13T06:28:00+00:00", None),
    ("Thu, 01 Jan 2004 00:00 GMT", "2004-01-01T00:00:00+00:00", None),
    ("Thu, 01 Jan 2004", "2004-01-01T00:00:00+00:00", None),
    ("Mon, 26 January 2004 16:31:00 AT", "2004-01-26T20:31:00+00:00", "AT is a word of dates, too"),
    ("Mon, 26 January 2004 16:31:00 ET", "2004-01-26T21:31:00+00:00", None),
    ("Mon, 26 January 2004 16:31:00 CT", "2004-01-26T22:31:00+00:00", None),
    ("Mon, 26 January 2004 16:31:00 MT", "2004-01-26T23:31:00+00:00", None),
    ("Mon, 26 January 2004 16:31:00 PT", "2004-01-27T00:31:00+00:00", None),
    ("Thu Aug 30 2012 17:26:16 +0200", "2012-08-30T15:26:16+00:00", None),
    ("Sun, 16 Dec 2012 1:2:3:4 GMT", None, None),
    ("Sun, 16 zzz 2012 11:47:32 GMT", None, None),
    ("Sun, Dec x 2012 11:47:32 GMT", None, None),
    ("Sun, 16 Dec zz 11:47:32 GMT", None, None),
    ("Sun, 16 Dec 2012 11:47:32 +zz:00", None, None),
    ("Sun, 16 Dec 2012 11:47:32 +00:zz", None, None),
    ("Sun, 99 Jun 2009 12:00:00 GMT", None, None),
    ("Sun Jan  4 16:29:06 2004", "2004-01-04T16:29:06+00:00", None),
    ("Sun Jul 15 01:16:00 +0000 2012", "2012-07-15T01:16:00+00:00", None),
    ("2003-12-31T10:14:55Z", "2003-12-31T10:14:55+00:00", None),
    ("2003-12-31T10:14:55-08:00", "2003-12-31T18:14:55+00:00", None),
    ("2003-12-31T18:14:55+08:00", "2003-12-31T10:14:55+00:00", None),
    ("2007-04-23T23:25:47.538+10:00", "2007-04-23T13:25:47+00:00", None),
    ("2003-12-31", "2003-12-31T00:00:00+00:00", None),
    ("2003-12", "2003-12-01T00:00:00+00:00", NO_INSTANT),
    ("2003", "2003-01-01T00:00:00+00:00", NO_INSTANT),
    ("2004-02-28T18:14:55-08:00", "2004-02-29T02:14:55+00:00", None),
    ("2003-02-28T18:14:55-08:00", "2003-03-01T02:14:55+00:00", None),
    ("2000-02-28T18:14:55-08:00", "2000-02-29T02:14:55+00:00", None),
    ("9999-12-31T23:59:59-99:99", None, None),
    ("2003-12-31T25:14:55Z", None, None),
    ("2003-12-31T10:61:55Z", None, None),
    ("2003-12-31T10:14:61Z", None, None),
    ("22013", None, None),
    ("013", None, None),
    ("2013-01-27-01", None, None),
    ("2013-01-28T11:30:00-06:00Textra", None, None),
    ("2013-xx-27", None, None),
    ("2013-01-28T09:xx:00Z", None, None),
    ("2013-01-28T09:00:00+00:xx", None, None),
    ("2004-07-08 23:56:58 -00:20", "2004-07-09T00:16:58+00:00", None),
    ("2004-07-08 23:56:58", "2004-07-08T23:56:58+00:00", None),
    ("2004-07-08 23:56:58.0", "2004-07-08T23:56:58+00:00", None),
)


def check_messages(document: FeedDocument) -> None:
    """Make of every item all that the collector makes of it."""
    for item in document.items:
        traits_of(item)
        assert item.title
        value = to_value(
            RAW_NEWS,
            event_time_us=1_795_600_800_000_000,
            natural_key=name_of(item),
            source="gazette",
            dated_by="published",
            title=item.title,
            summary=item.summary,
            url=item.url,
            language=item.language,
            guid=item.guid,
            collected_time="2026-11-25T10:00:00.000Z",
        )
        assert json.loads(value)["title"] == item.title


def parse(feed: CorpusFeed) -> FeedDocument:
    return parse_feed(feed.body, content_type=feed.content_type, url=URL)


def test_no_feed_of_the_corpus_raises() -> None:
    corpus = read_corpus()

    for feed in corpus:
        document = parse(feed)
        assert document.failures == (), feed.name
        check_messages(document)
    assert len(corpus) > 2_200


def test_titles_are_those_that_the_corpus_states_as_plain_text() -> None:
    n_titles = 0
    for feed in read_corpus():
        for match in TITLE.finditer(feed.expectation):
            items = parse(feed).items
            ours = items[int(match[1])].title if len(items) > int(match[1]) else ""
            stated = " ".join(ast.literal_eval(match[2]).split())
            is_markup = any(mark in stated for mark in ("</", "<img", "&lt;"))
            agrees = ours == (to_plain_text(stated) if is_markup else stated)
            assert agrees != (feed.name in OTHER_TITLES), (feed.name, ours)
            n_titles += 1
    assert n_titles >= 70


def test_times_of_the_corpus_are_read_as_it_reads_them() -> None:
    n_times = 0
    for feed in read_corpus():
        parsed = feedparser.parse(io.BytesIO(feed.body))
        for entry in parsed.entries:
            for kind in ("published", "updated"):
                if kind in entry and entry.get(f"{kind}_parsed"):
                    stated_us = calendar.timegm(entry[f"{kind}_parsed"]) * SECOND_US
                    assert (read_time_us(entry[kind]) or 0) // SECOND_US == stated_us // SECOND_US, (
                        feed.name,
                        entry[kind],
                    )
                    n_times += 1
    assert n_times >= 40


@pytest.mark.parametrize(("text", "stated", "reason"), STATED_TIMES)
def test_a_time_that_feedparser_tests_is_the_same_or_there_is_a_reason(
    text: str, stated: str | None, reason: str | None
) -> None:
    ours_us = read_time_us(text)

    stated_us = None if stated is None else to_us(datetime.fromisoformat(stated))
    is_same = ours_us == stated_us or (
        None not in (ours_us, stated_us) and ours_us // SECOND_US == stated_us // SECOND_US
    )
    assert is_same == (reason is None)


def test_no_mutation_of_a_feed_raises() -> None:
    n_mutations = sized(quick=200, full=500, soak=100_000)
    n_items = n_failures = 0
    for body, content_type in mutated_feeds(n_mutations, seed=1):
        document = parse_feed(body, content_type=content_type, url=URL)
        check_messages(document)
        n_items += len(document.items)
        n_failures += len(document.failures)
    assert n_items > n_mutations // 10
    assert n_failures <= 1 + n_items // 100
