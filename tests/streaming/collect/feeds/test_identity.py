"""Identity of texts: names that depend on nothing else, and evidence that two items are one text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.time_range import DAY_US, HOUR_US
from streaming.collect.feeds.identity import canonical_url, is_same_text, name_of, traits_of
from streaming.collect.feeds.item import Item
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
    summary: str | None = None,
) -> Item:
    return Item(
        guid=guid,
        url=url,
        title=title,
        summary=summary,
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


SAME_PAGE = (
    "http://a.example/news/x?id=3", "https://A.EXAMPLE:443/news/x/?id=3", "https://www.a.example/news/x?id=3",
    "https://m.a.example/news/x?id=3", "https://mobile.a.example/news/x?id=3", "https://amp.a.example/news/x?id=3",
    "https://a.example/news/x/amp?id=3", "https://a.example/news/x/amp/?id=3", "https://a.example/news/x?id=3&amp=1",
    "https://a.example/news/x?amp&id=3", "https://a.example/news/x?outputType=amp&id=3",
    "https://a.example/news/x/index.html?id=3", "https://a.example/news//x?id=3", "https://a.example/o/../news/./x?id=3",
    "https://a.example/news/%78?id=3", "https://a.example./news/x?id=3", "https://u:p@a.example/news/x?id=3",
    "https://a.example/news/x?id=3#:~:text=up", "https://a.example/news/x?id=3#", "https://a.example/news/x?id=3#top",
    *(
        f"https://a.example/news/x?{tracking}&id=3"
        for tracking in (
            "utm_source=a&utm_medium=b", "UTM_Campaign=c", "utm-source=a", "fbclid=1", "gclid=1", "dclid=1",
            "msclkid=1", "yclid=1", "twclid=1", "ttclid=1", "gbraid=1", "wbraid=1", "_ga=1", "_gl=1",
            "mc_cid=1", "mc_eid=1", "igsh=1", "ref=home", "ref_src=x", "CMP=share", "cmpid=x", "ncid=x",
            "xtor=RSS-1", "at_medium=x", "spm=1", "s_cid=1", "mkt_tok=1", "_hsenc=1", "_hsmi=1", "vero_id=1",
            "oly_enc_id=1", "WT.mc_id=1", "pk_campaign=1", "mtm_source=x", "piwik_kwd=1", "sfmc_id=1",
            "hss_channel=x", "guccounter=1", "soc_src=x", "smid=tw", "ocid=x", "__twitter_impression=true",
            "amp_js_v=1", "usqp=x", "srsltid=x", "source=rss", "from=rss2", "partner=feed", "mod=RSS",
            "fr=rss-feed",
        )
    ),
)  # fmt: skip


@pytest.mark.parametrize("url", SAME_PAGE)
def test_ways_to_write_one_page_are_one_address(url: str) -> None:
    assert canonical_url(url) == "//a.example/news/x?id=3"
    assert canonical_url("https:" + canonical_url(url)) == canonical_url(url)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/caf%c3%a9", "https://a.example/café"),
        ("https://a.example/%7Eann", "https://a.example/~ann"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://a.example/x?a=1&b=2", "https://a.example/x?b=2&a=1"),
        ("https://a.example/x.amp.html", "https://a.example/x.html"),
    ],
)
def test_other_writings_of_an_address_are_the_same_address(one: str, other: str) -> None:
    assert canonical_url(one) == canonical_url(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/?p=1", "/?p=2"), ("/?gid=1", "/?gid=2"), ("/?cid=1", "/?cid=2"), ("/x?id=1&id=2", "/x?id=2"), ("/X", "/x"),
        ("/x%2Fy", "/x/y"), ("/#!/1", "/#!/2"), ("/#/news/1", "/#/news/2"), ("/amp/1", "/1"), ("/x?s=rss1x", "/x"),
        ("/champ", "/ch"), ("/x?a=", "/x?b="), ("/x;1", "/x;2"),
    ],
)  # fmt: skip
def test_what_may_name_another_text_stays_in_an_address(one: str, other: str) -> None:
    assert canonical_url(f"https://a.example{one}") != canonical_url(f"https://a.example{other}")


@pytest.mark.parametrize("hosts", [("m.example", "example"), ("mm.a.example", "a.example"), ("m.com", "com")])
def test_a_host_is_not_shortened_to_another_one(hosts: tuple[str, str]) -> None:
    assert canonical_url(f"https://{hosts[0]}/x") != canonical_url(f"https://{hosts[1]}/x")


@given(url=st.text("abé%2F:/?#&=.;[]@ m\ud800", max_size=40))
def test_a_canonical_address_of_anything_is_its_own(url: str) -> None:
    canonical = canonical_url(f"https://a.example/{url}")

    assert canonical_url(canonical) == canonical


def test_the_next_issue_of_a_daily_text_is_told_by_its_summary() -> None:
    def issue(day: int, summary: str | None) -> Item:
        time_us = MORNING_US + day * DAY_US
        return item(guid="wrap", url="https://a.example/wrap", title="Wrap", time_us=time_us, summary=summary)

    days = [[issue(day, f"BTC at {day}0,000")] for day in range(3)]
    redated = [[issue(day, "Evergreen.")] for day in range(3)]

    assert polled(*days, days[2], days[2]) == [[0], [0], [0], [], []]
    assert polled(*redated) == [[0], [], []]


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
