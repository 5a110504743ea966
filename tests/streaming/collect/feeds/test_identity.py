"""Identity of texts."""

from streaming.collect.feeds.document import Item
from streaming.collect.feeds.identity import canonical_url, identities


def item(*, guid: str | None = None, url: str | None = None, title: str = "Title") -> Item:
    return Item(guid=guid, url=url, title=title, summary=None, language=None, time_us=None, dated_by=None)


def is_repeat(one: Item, other: Item) -> bool:
    first, second = identities([one])[0], identities([other])[0]
    return not set(first.marks).isdisjoint(second.marks)


def test_a_text_is_named_by_guid_then_address_then_title() -> None:
    named = identities(
        [item(guid="7", url="http://a.example/1"), item(url="http://a.example/2"), item(title="New: Week!")]
    )

    assert [identity.name for identity in named] == ["7", "//a.example/2", "new week"]


def test_tracking_scheme_and_case_of_the_host_make_no_other_text() -> None:
    assert is_repeat(
        item(url="https://WWW.a.example/x/?utm_source=rss&id=3#top"), item(url="http://a.example/x?id=3")
    )


def test_another_parameter_makes_another_text() -> None:
    assert not is_repeat(item(url="https://a.example/x?id=3"), item(url="https://a.example/x?id=4"))


def test_a_new_guid_under_the_same_address_is_the_same_text() -> None:
    assert is_repeat(item(guid="1", url="https://a.example/x"), item(guid="2", url="https://a.example/x"))


def test_an_address_that_items_share_identifies_none() -> None:
    one, other = identities(
        [item(guid="1", url="https://a.example/"), item(guid="2", url="https://a.example/")]
    )

    assert set(one.marks).isdisjoint(other.marks)


def test_titles_count_only_where_there_is_nothing_else() -> None:
    assert not is_repeat(item(guid="1", title="Daily"), item(guid="2", title="Daily"))
    assert is_repeat(item(title="Daily  Note"), item(title="daily: note"))


def test_an_address_that_cannot_be_parsed_is_left_as_it_is() -> None:
    assert canonical_url("http://[bad/") == "http://[bad/"
