"""JSON Feed as its writers send it: versions 1 and 1.1, and what is none."""

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.time_range import to_us
from streaming.collect.feeds.document import parse_feed
from streaming.collect.feeds.item import MAX_ITEMS, FeedDocument, Item

NOON = "2026-11-25T12:00:00Z"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = (
    "id",
    "url",
    "external_url",
    "title",
    "summary",
    "content_html",
    "content_text",
    "language",
    "date_published",
)


def parse(*items: Any, **members: Any) -> FeedDocument:
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": list(items), **members}
    return parse_text(json.dumps(feed))


def parse_text(text: str) -> FeedDocument:
    return parse_feed(
        text.encode(), content_type="application/feed+json", url="https://news.example/feed.json"
    )


def only(document: FeedDocument) -> Item:
    assert document.problem is None
    (item,) = document.items
    return item


def test_an_item_has_its_own_words_address_and_time() -> None:
    item = only(
        parse(
            {
                "id": "https://news.example/1",
                "url": "/1",
                "title": "Bitcoin rises",
                "content_html": "<p>By <b>3&nbsp;%</b></p>",
                "date_published": "2026-11-25T13:00:00+01:00",
                "language": "en-GB",
            }
        )
    )

    assert item == Item(
        guid="https://news.example/1",
        url="https://news.example/1",
        title="Bitcoin rises",
        summary="By 3 %",
        language="en-gb",
        time_us=to_us_of(NOON),
        dated_by="published",
    )


@pytest.mark.parametrize(
    ("given_item", "title", "summary"),
    [
        ({"title": "a", "summary": "s", "content_html": "<p>c</p>"}, "a", "s"),
        ({"title": "a", "content_text": "fees < 3 & <b>"}, "a", "fees < 3 & <b>"),
        ({"title": "R&amp;D &#8217;26 <3"}, "R&D ’26 <3", None),
        ({"content_text": "a post without a title"}, "a post without a title", "a post without a title"),
        ({"content_html": "<p>a post</p>"}, "a post", "a post"),
        ({"title": None, "content_text": "x"}, "x", "x"),
        ({"title": ["no text"], "content_text": "x"}, "x", "x"),
    ],
)
def test_texts_are_plain_whatever_member_they_stand_in(
    given_item: dict[str, Any], title: str, summary: str | None
) -> None:
    item = only(parse({"id": "1", **given_item}))

    assert (item.title, item.summary) == (title, summary)


@pytest.mark.parametrize(
    ("given_id", "guid"), [("a", "a"), (7, "7"), (1.5, "1.5"), (True, None), ([], None), ("", None)]
)
def test_an_id_is_a_text_or_a_number(given_id: Any, guid: str | None) -> None:
    assert only(parse({"id": given_id, "title": "t"})).guid == guid


@pytest.mark.parametrize(
    ("given_item", "url"),
    [
        ({"url": "/a"}, "https://news.example/a"),
        ({"external_url": "https://other.example/b"}, "https://other.example/b"),
        ({"url": "javascript:alert(1)"}, None),
        ({"url": "http://[bad"}, None),
        ({"url": True}, None),
        ({}, None),
    ],
)
def test_an_address_is_one_that_a_reader_may_open(given_item: dict[str, Any], url: str | None) -> None:
    assert only(parse({"title": "t", **given_item})).url == url


@pytest.mark.parametrize(
    ("given_item", "dated_by"),
    [
        ({"date_published": NOON, "date_modified": "2026-11-26T00:00:00Z"}, "published"),
        ({"date_modified": NOON}, "updated"),
        ({"date_published": "soon", "date_modified": NOON}, "updated"),
        ({"date_published": 5}, None),
        ({}, None),
    ],
)
def test_a_time_that_cannot_be_read_is_none(given_item: dict[str, Any], dated_by: str | None) -> None:
    item = only(parse({"title": "t", **given_item}))

    assert item.dated_by == dated_by
    assert item.time_us == (None if dated_by is None else to_us_of(NOON))


def test_a_feeds_language_is_that_of_items_without_one() -> None:
    document = parse({"title": "a"}, {"title": "b", "language": "fr"}, language="en")

    assert [item.language for item in document.items] == ["en", "fr"]


def test_an_item_that_is_no_object_costs_itself_alone() -> None:
    document = parse({"title": "a"}, 7, None, ["x"], {"title": "b"})

    assert [item.title for item in document.items] == ["a", "b"]
    assert len(document.failures) == 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "it is no JSON"),
        ('{"version": "https://jsonfeed.org/version/1.1", "items": [', "it is no JSON"),
        ("{" * 100_000, "it is no JSON"),
        ('{"a":' * 100_000, "it is no JSON"),
        ('{"error": "busy"}', "no feed"),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "no feed"),
        ('{"version": "https://jsonfeed.org/version/1.1", "items": {}}', "no feed"),
        ('{"version": 1, "items": []}', "no feed"),
    ],
    ids=range(8),
)
def test_what_is_no_feed_is_a_problem(text: str, problem: str) -> None:
    document = parse_text(text)

    assert document.items == ()
    assert problem in (document.problem or "")


def test_a_byte_order_mark_and_another_media_type_do_not_matter() -> None:
    body = (
        b"\xef\xbb\xbf \n"
        + json.dumps(
            {"version": "https://jsonfeed.org/version/1", "items": [{"title": "<!ENTITY x>"}]}
        ).encode()
    )

    assert (
        only(parse_feed(body, content_type="text/html", url="https://news.example/")).title == "<!ENTITY x>"
    )


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON_VALUES))
def test_no_member_ends_the_reading(members: dict[str, Any]) -> None:
    document = parse(members, {"title": "good"})

    assert document.items[-1].title == "good"
    assert document.failures == ()


@pytest.mark.parametrize("kind", ["json", "rss"])
def test_of_endless_items_the_first_are_read_and_the_problem_is_told(kind: str) -> None:
    n_items = MAX_ITEMS + 1
    if kind == "json":
        document = parse(*({"title": str(number)} for number in range(n_items)))
    else:
        items = "".join(f"<item><title>{number}</title></item>" for number in range(n_items))
        document = parse_text(f"<rss version='2.0'><channel>{items}</channel></rss>")

    assert len(document.items) == MAX_ITEMS
    assert document.items[-1].title == str(MAX_ITEMS - 1)
    assert document.problem == "it has more than 10,000 items; the first of them are read"


def to_us_of(text: str) -> int:
    return to_us(datetime.fromisoformat(text))
