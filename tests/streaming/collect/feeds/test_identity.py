"""Identity of texts: names that depend on nothing else, and evidence that two items are one text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.time_range import DAY_US, HOUR_US
from streaming.collect.feeds.document import Item
from streaming.collect.feeds.identity import canonical_url, is_same_text, name_of, traits_of
from streaming.collect.feeds.seen_texts import MIN_REMEMBERED, SeenTexts, remember, select_new

MORNING_US = 1_795_600_800_000_000  # 2026-11-25T10:00:00Z
GUIDS, URLS = st.sampled_from([None, "0", "1", "2"]), st.sampled_from([None, "/", "/1", "/2", "/2#p3"])
TITLES, TIMES = (
    st.sampled_from(["Daily", "Up", "Down"]),
    st.sampled_from([None, MORNING_US, MORNING_US + DAY_US]),
)


def item(
    *,
    guid: str | None = None,
    url: str | None = None,
    title: str = "Title",
    time_us: int | None = None,
) -> Item:
    return Item(
        guid=guid,
        url=url,
        title=title,
        summary=None,
        language=None,
        time_us=time_us,
        dated_by=None if time_us is None else "published",
    )


ITEMS = st.builds(
    lambda guid, url, title, time_us: item(
        guid=guid, url=url and f"https://a.example{url}", title=title, time_us=time_us
    ),
    GUIDS,
    URLS,
    TITLES,
    TIMES,
)


def is_repeat(one: Item, other: Item) -> bool:
    return is_same_text(traits_of(one), traits_of(other), ())


def polled(*documents: list[Item]) -> list[list[int]]:
    """Return which items of each document were new, polled one after the other."""
    seen, new = SeenTexts(), []
    for document in documents:
        listed = [traits_of(each) for each in document]
        new.append(select_new(seen, listed))
        seen = remember(seen, listed)
    return new


def test_a_name_is_guid_address_and_title() -> None:
    named = item(guid="7", url="http://www.a.example/1/?utm_source=rss", title="New: Week!")

    assert name_of(named) == ("7", "//a.example/1", "new week")
    assert name_of(item()) == ("", "", "title")


@pytest.mark.parametrize(
    ("one", "other", "canonical"),
    [
        ("https://WWW.a.example/x/?utm_source=rss&id=3#top", "http://a.example/x?id=3", "//a.example/x?id=3"),
        ("https://a.example:443/x#comments", "http://a.example:80/x", "//a.example/x"),
        ("https://a.example/x#xtor=RSS-1", "https://a.example/x?fbclid=9", "//a.example/x"),
    ],
)
def test_tracking_scheme_and_case_of_the_host_make_no_other_address(
    one: str, other: str, canonical: str
) -> None:
    assert canonical_url(one) == canonical_url(other) == canonical
    assert is_repeat(item(url=one), item(url=other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/x?id=3", "https://a.example/x?id=4"),
        ("https://a.example/live#post-1", "https://a.example/live#post-2"),
        ("https://a.example/x", "https://b.example/x"),
        ("https://a.example:8080/x", "https://a.example/x"),
    ],
)
def test_a_parameter_fragment_host_or_port_makes_another_text(one: str, other: str) -> None:
    assert not is_repeat(item(url=one), item(url=other))


def test_an_address_that_cannot_be_parsed_is_left_as_it_is() -> None:
    assert canonical_url("http://[bad/") == "http://[bad/"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"guid": "1", "url": "//a/x"}, {"guid": "2", "url": "//a/x"}),
        ({"guid": "1", "url": "//a/x", "title": "Up"}, {"guid": "1", "url": "//a/x", "title": "Down"}),
        ({"guid": "1", "title": "Up", "time_us": 1}, {"guid": "1", "title": "Down", "time_us": 1}),
        ({"guid": "1", "url": "//a/x"}, {"guid": "1", "url": "//b/x"}),
        ({"guid": "1", "url": "//a/x", "time_us": 1}, {"guid": "2", "url": "//a/x", "time_us": 1}),
        ({"guid": "1", "url": "//a/x", "time_us": 1}, {"guid": "2", "url": "//a/x", "time_us": HOUR_US}),
        ({"guid": "1", "url": "//a/x", "time_us": 1}, {"guid": "1", "url": "//a/x", "time_us": DAY_US}),
        (
            {"guid": "//a/x", "url": "//a/x", "time_us": 1},
            {"guid": "//a/x", "url": "//a/x", "time_us": HOUR_US},
        ),
        (
            {"guid": "//a/x", "url": "//a/x", "time_us": 1, "title": "Up"},
            {"guid": "//a/x", "url": "//a/x", "time_us": 1, "title": "Up again"},
        ),
        ({"title": "Daily  Note"}, {"title": "daily: note"}),
        ({"url": "//a/x", "time_us": 1}, {"url": "//a/x"}),
    ],
)
def test_a_text_that_was_corrected_moved_or_dated_anew_is_the_same(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert is_repeat(item(**one), item(**other))
    assert is_repeat(item(**other), item(**one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"guid": "1", "title": "Daily"}, {"guid": "2", "title": "Daily"}),
        ({"guid": "0", "url": "//a/1", "title": "Up"}, {"guid": "0", "url": "//a/2", "title": "Down"}),
        (
            {"guid": "0", "url": "//a/1", "title": "Up", "time_us": 1},
            {"guid": "0", "url": "//a/2", "title": "Down", "time_us": 1},
        ),
        ({"url": "//a/live", "title": "Up"}, {"url": "//a/live", "title": "Down"}),
        (
            {"url": "//a/live", "title": "Up", "time_us": 1},
            {"url": "//a/live", "title": "Down", "time_us": 1},
        ),
        ({"url": "//a/daily", "time_us": 1}, {"url": "//a/daily", "time_us": DAY_US}),
        (
            {"guid": "1", "url": "//a/daily", "time_us": 1},
            {"guid": "2", "url": "//a/daily", "time_us": DAY_US},
        ),
        (
            {"guid": "//a/daily", "url": "//a/daily", "time_us": 1},
            {"guid": "//a/daily", "url": "//a/daily", "time_us": DAY_US},
        ),
        ({"title": "Daily", "time_us": 1}, {"title": "Daily", "time_us": DAY_US}),
        ({"title": "Daily", "time_us": 1}, {"title": "Daily", "time_us": HOUR_US}),
    ],
)
def test_a_doubtful_text_is_another_one(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert not is_repeat(item(**one), item(**other))
    assert not is_repeat(item(**other), item(**one))


def test_guids_and_addresses_that_items_share_identify_none_now_or_later() -> None:
    first, second, third = (item(guid="0", url=f"https://a.example/{n}", title=f"T{n}") for n in range(3))
    same_title = item(guid="0", url="https://a.example/9", title="T0")
    home = [item(guid=str(n), url="https://a.example/", title="Note") for n in range(2)]

    assert polled([first, second, third], [third], [same_title]) == [[0, 1, 2], [], [0]]
    assert polled(home, home[1:], [item(guid="7", url="https://a.example/", title="Note")]) == [
        [0, 1],
        [],
        [0],
    ]


def test_titles_and_times_tell_items_under_one_address_apart() -> None:
    titles = [item(url="https://a.example/live", title=title) for title in ("A", "B", "C")]
    times = [item(url="https://a.example/live", time_us=MORNING_US + n * HOUR_US) for n in range(3)]
    posts = [item(url=f"https://a.example/live#post-{n}") for n in range(3)]

    for document in (titles, times, posts):
        assert polled(document, document, document[1:], document[:1]) == [[0, 1, 2], [], [], []]


def test_guids_that_change_at_each_poll_make_no_new_texts() -> None:
    polls = [
        [item(guid=f"{poll}-{n}", url=f"https://a.example/{n}", title=f"T{n}", time_us=1) for n in range(3)]
        for poll in range(3)
    ]

    assert polled(*polls) == [[0, 1, 2], [], []]


@given(document=st.lists(ITEMS, max_size=6), left=st.integers(0, 6))
def test_a_document_polled_again_or_scrolled_on_has_nothing_new(document: list[Item], left: int) -> None:
    first, *later = polled(document, document, document[left:], document)

    assert later == [[], [], []]
    assert [name_of(document[at]) for at in first] == list(
        dict.fromkeys(name_of(document[at]) for at in first)
    ) or len({traits_of(document[at]) for at in first}) == len(first)


@given(document=st.lists(ITEMS, max_size=6), neighbours=st.lists(ITEMS, max_size=6))
def test_a_name_does_not_depend_on_neighbours_and_no_two_new_texts_of_a_poll_share_name_and_time(
    document: list[Item], neighbours: list[Item]
) -> None:
    (new,) = polled([*document, *neighbours])

    named = [(name_of(each), each.time_us) for each in ([*document, *neighbours][at] for at in new)]
    assert len(set(named)) == len(named)


@given(document=st.lists(ITEMS, max_size=6, unique_by=lambda each: (each.guid, each.url, each.title)))
def test_items_that_differ_in_address_and_title_are_all_published(document: list[Item]) -> None:
    (new,) = polled(document)

    lost = [document[at] for at in range(len(document)) if at not in new]
    for each in lost:
        assert any(
            each.title == other.title or (each.guid is not None and each.guid == other.guid)
            for other in document
            if other is not each
        )


def test_memory_is_bounded_but_holds_all_that_is_listed() -> None:
    seen = SeenTexts()
    for start in range(0, 3 * MIN_REMEMBERED, 500):
        seen = remember(seen, [traits_of(item(guid=f"g{n}")) for n in range(start, start + 500)])

    assert len(seen.texts) == MIN_REMEMBERED
    assert select_new(seen, [traits_of(item(guid=f"g{3 * MIN_REMEMBERED - 1}"))]) == []
