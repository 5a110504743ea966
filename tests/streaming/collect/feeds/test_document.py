"""Parsing of feed documents, well formed and malformed."""

import pytest

from streaming.collect.feeds.document import FeedDocument, parse_feed, to_plain_text

RSS = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0"><channel><title>Gazette</title><language>fr</language>
<item><title>Hausse de l’ether : été réussi</title><link>https://gazette.example/1</link>
<guid>1</guid><pubDate>Wed, 25 Nov 2026 10:00:00 GMT</pubDate>
<description>&lt;p&gt;Près de 3 %&lt;/p&gt;</description></item>
<item><title>Second</title><guid>2</guid></item>
</channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Gazette</title>
<entry><id>urn:1</id><title type="html">&lt;b&gt;Up&lt;/b&gt; again</title><link href="/a"/>
<updated>2026-11-25T10:00:00.250+01:00</updated>
<content type="html">&lt;script&gt;x()&lt;/script&gt;Body</content></entry></feed>"""
BOMB = b"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<rss version="2.0"><channel><item><title>&c;</title></item></channel></rss>"""


def parse(body: bytes, content_type: str = "application/rss+xml") -> FeedDocument:
    return parse_feed(body, content_type=content_type, url="https://gazette.example/feed")


def test_an_rss_item_with_everything() -> None:
    item, second = parse(RSS.format(encoding="utf-8").encode()).items

    assert item.title == "Hausse de l’ether : été réussi"
    assert item.summary == "Près de 3 %"
    assert (item.guid, item.url, item.language) == ("1", "https://gazette.example/1", "fr")
    assert (item.time_us, item.dated_by) == (1_795_600_800_000_000, "published")
    assert (second.time_us, second.dated_by, second.url) == (None, None, None)


def test_an_atom_entry_is_dated_by_its_update_where_that_is_all_there_is() -> None:
    (item,) = parse(ATOM, "application/atom+xml").items

    assert (item.guid, item.url, item.language) == ("urn:1", "https://gazette.example/a", "en")
    assert (item.title, item.summary) == ("Up again", "Body")
    assert (item.time_us, item.dated_by) == (1_795_597_200_250_000, "updated")


@pytest.mark.parametrize(
    ("encoded_as", "declared", "content_type"),
    [
        ("utf-8", "iso-8859-1", "application/rss+xml; charset=utf-8"),
        ("utf-8-sig", "iso-8859-1", "text/xml; charset=iso-8859-1"),
        ("utf-16", "utf-16", "application/rss+xml"),
        ("cp1252", "windows-1252", "application/rss+xml"),
        ("cp1252", "utf-8", "application/rss+xml; charset=windows-1252"),
        ("utf-8", "utf-8", "text/plain; charset=nonsense"),
    ],
)
def test_a_wrong_or_missing_declaration_does_not_garble_the_text(
    encoded_as: str, declared: str, content_type: str
) -> None:
    body = RSS.format(encoding=declared).encode(encoded_as)

    assert parse(body, content_type).items[0].title == "Hausse de l’ether : été réussi"


def test_the_last_item_of_a_truncated_document_is_left_out() -> None:
    body = RSS.format(encoding="utf-8").encode()

    document = parse(body[: body.index(b"ond</title>")])

    assert [item.guid for item in document.items] == ["1"]
    assert document.is_cut
    assert document.problem is not None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_an_entity_bomb_is_not_parsed(encoding: str) -> None:
    document = parse(BOMB.decode().encode(encoding))

    assert document.items == ()
    assert document.problem == "it declares entities; it was not parsed"


def test_a_page_that_is_no_feed_says_so() -> None:
    page = b"<html><body>We will be back soon</body></html>"

    assert parse(page, "text/xml") == FeedDocument(items=(), problem="it is no feed")
    assert parse(page, "text/html").problem == "NonXMLContentType: text/html is not an XML media type"


def test_an_empty_feed_is_no_problem() -> None:
    document = parse(b'<rss version="2.0"><channel><title>Gazette</title></channel></rss>')

    assert (document.items, document.problem) == ((), None)


def test_invalid_addresses_are_left_out() -> None:
    body = (
        b'<rss version="2.0"><channel><item><title>T</title><link>http://[bad/</link></item></channel></rss>'
    )

    assert parse(body).items[0].title == "T"


def test_text_hides_scripts_and_keeps_words_apart() -> None:
    html = "<style>p{}</style><p>One</p><p>two&amp;three</p><script>alert(1)</script>"

    assert to_plain_text(html) == "One two&three"
