"""Parsing of feed documents, well formed and malformed."""

import unicodedata

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.collect.feeds.document import parse_feed
from streaming.collect.feeds.item import MAX_MARKUP, FeedDocument
from streaming.collect.feeds.plain_text import to_plain_text

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
    assert parse(page, "text/html") == FeedDocument(items=(), problem="it is no feed")


def test_an_empty_feed_is_no_problem() -> None:
    document = parse(b'<rss version="2.0"><channel><title>Gazette</title></channel></rss>')

    assert (document.items, document.problem) == ((), None)


def test_invalid_addresses_are_left_out() -> None:
    body = (
        b'<rss version="2.0"><channel><item><title>T</title><link>http://[bad/</link></item></channel></rss>'
    )

    assert parse(body).items[0].title == "T"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<img alt="x > y">One', "One"),
        ("<img alt='x > y'>One", "One"),
        ("<a title=\"it's\">One</a> isn't", "One isn't"),
        ("One<br>two<BR/>three<hr >four", "One two three four"),
        ("<o:p>One</o:p><amp-img src='x'></amp-img>", "One"),
        ("<svg/>One<style>p{a:'<b>'}</style>", "One"),
        ("<script>if (a < b) document.write('<p>')</script>One", "One"),
        ("One <!-- a > b --> two <!-- open", "One two <!-- open"),
        ("<!DOCTYPE html><html><body>One", "One"),
        ("<?xml version='1.0'?>One", "One"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("BTC <$100k, a<b, <3", "BTC <$100k, a<b, <3"),
        ("<b", "<b"),
        ("</>", "</>"),
        ("", ""),
    ],
)
def test_text_of_html_is_what_a_reader_sees(html: str, text: str) -> None:
    assert to_plain_text(html) == text


@given(text=st.text("<>&#;!-[]'\"=/ab xp1\ud83d\ude80\0", max_size=80))
def test_text_of_anything_is_one_line_that_can_be_encoded(text: str) -> None:
    plain = to_plain_text(text)

    plain.encode()
    assert plain == " ".join(plain.split())


def test_text_hides_scripts_and_keeps_words_apart() -> None:
    html = "<style>p{}</style><p>One</p><p>two&amp;three</p><script>alert(1)</script>"

    assert to_plain_text(html) == "One two&three"


def of_titles(*titles: str, after: str = "") -> bytes:
    """Return a feed of items with these titles as XML, and what follows its root."""
    items = "".join(
        f"<item><title>{title}</title><guid>{at}</guid></item>" for at, title in enumerate(titles)
    )
    return f'<rss version="2.0"><channel><title>Gazette</title>{items}</channel></rss>{after}'.encode()


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("BTC &#55357;&#56960; up", "BTC 🚀 up"),
        ("BTC &#xD83D;&#xDE80; up", "BTC 🚀 up"),
        ("BTC &#xd83d;&#56960; up", "BTC 🚀 up"),
        ("BTC &amp;#55357;&amp;#56960; up", "BTC 🚀 up"),
        ("<![CDATA[BTC &#55357;&#56960; up]]>", "BTC 🚀 up"),
        ("BTC &#xD83D; up", "BTC \ufffd up"),
        ("BTC &#56960;&#55357; up", "BTC \ufffd\ufffd up"),
        ("BTC &#99999999; up", "BTC \ufffd up"),
        ("BTC &#" + "9" * 5_000 + "; up", "BTC \ufffd up"),
        ("<![CDATA[BTC &#" + "9" * 5_000 + "; up]]>", "BTC \ufffd up"),
        ("BTC &#0; &#x1F; up", "BTC \ufffd \ufffd up"),
        ("BTC \x01\x0b up", "BTC up"),
        ("Bitcoin&#146;s week", "Bitcoin’s week"),
        ("Fees &amp; AT&T &nbsp; &eacute; &unknown; & more", "Fees & AT&T é &unknown; & more"),
        ("3 < 5 <3", "3 < 5 <3"),
        ("Why &lt;![x]&gt; matters", "Why <![x]> matters"),
        ("Why &lt;![CDATA[x]]&gt; matters", "Why x matters"),
        ("Why <![CDATA[<![x]>]]> matters", "Why <![x]> matters"),
        ("&lt;!-- no comment", "<!-- no comment"),
        ("Prices &lt;unchanged&gt; in &lt;b&gt;bold&lt;/b&gt;", "Prices <unchanged> in bold"),
        ("&lt;![endif]--&gt; &lt;!x&gt;", "<!x>"),
        ("&lt;!ENTITY a 'b'&gt; in a title", "<!ENTITY a 'b'> in a title"),
        ("<![CDATA[<!ENTITY a 'b'>]]>", "<!ENTITY a 'b'>"),
    ],
)
def test_a_text_stands_as_it_was_meant_whatever_its_references(written: str, title: str) -> None:
    document = parse(of_titles(written, "Second"))

    assert [item.title for item in document.items] == [title, "Second"]
    assert document.failures == ()


@pytest.mark.parametrize(
    "content_type", ["text/html", "text/html; charset=utf-8", "text/plain", "", "image/png"]
)
@pytest.mark.parametrize(
    "after", ["", "\n", f"<!-- {'c' * 400} -->", "<script>1</script>", "<p>" * 200, "\x00" * 300]
)
@pytest.mark.parametrize("flaw", ["", "<br>", "<b>"])
def test_a_document_is_closed_wherever_its_end_stands(content_type: str, after: str, flaw: str) -> None:
    document = parse(of_titles("First", f"Second{flaw}", after=after), content_type)

    assert [item.title for item in document.items] == ["First", "Second"]
    assert not document.is_cut


@pytest.mark.parametrize(
    "before",
    ["\n\n", "<br />\n<b>Warning</b>: x in <b>y.php</b>\n", "<?xml version='1.0'?><!-- <rss> -->", "\ufeff"],
)
def test_what_a_server_writes_before_the_root_does_not_count(before: str) -> None:
    document = parse(before.encode() + of_titles("First", "Second"), "text/html")

    assert [item.title for item in document.items] == ["First", "Second"]
    assert document.problem is None


@pytest.mark.parametrize("quoted", ["<![CDATA[<pre></rss></feed>", "<!-- </rss>", "&lt;/rss&gt;"])
def test_an_end_that_a_text_quotes_is_none(quoted: str) -> None:
    whole = of_titles("First", f"Second {quoted}")

    document = parse(whole[: whole.index(quoted.encode()) + len(quoted)])

    assert [item.title for item in document.items] == ["First"]
    assert document.is_cut


def test_a_whole_item_of_a_document_without_an_end_is_kept() -> None:
    whole = of_titles("First", "Second")

    document = parse(whole[: whole.rindex(b"</channel>")])

    assert [item.title for item in document.items] == ["First", "Second"]
    assert document.is_cut


@pytest.mark.parametrize(
    ("encoded_as", "declared", "content_type"),
    [
        ("utf-8", "iso-8859-1", "application/rss+xml"),
        ("utf-8", "us-ascii", "text/xml"),
        ("utf-8", "utf-16", "text/xml; charset=utf-16"),
        ("utf-8", "punycode", "text/xml; charset=unicode_escape"),
        ("utf-8-sig", "windows-1251", "text/xml; charset=windows-1251"),
        ("utf-16-le", "utf-8", "text/xml; charset=utf-8"),
        ("utf-16-be", "utf-16", "application/xml"),
        ("utf-32", "utf-8", "text/xml"),
        ("cp1252", "iso-8859-1", "text/xml"),
        ("cp1252", "nonsense", "text/xml; charset=\x00"),
        ("cp1252", "windows-1252", "text/xml; charset=iso-8859-1"),
        ("mac-roman", "macintosh", "text/xml"),
    ],
)
def test_the_bytes_decide_against_what_is_declared(encoded_as: str, declared: str, content_type: str) -> None:
    body = RSS.format(encoding=declared).encode(encoded_as)

    assert parse(body, content_type).items[0].title == "Hausse de l’ether : été réussi"


@pytest.mark.parametrize(
    "encoding", ["windows-1251", "shift_jis", "iso-2022-jp", "gb2312", "euc-kr", "koi8-r"]
)
def test_other_scripts_are_read_by_their_declaration(encoding: str) -> None:
    title = {"w": "Биткойн растёт", "k": "Биткойн растёт", "s": "ビットコイン高", "i": "ビットコイン高"}.get(
        encoding[0], "比特币上涨" if encoding == "gb2312" else "비트코인 상승"
    )

    body = RSS.format(encoding=encoding).replace("Hausse de l’ether : été réussi", title).replace("è", "e")

    assert parse(body.encode(encoding)).items[0].title == title


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("before", ["", "\n", "  \r\n\t"])
@pytest.mark.parametrize("first", ["<?xml version='1.0'?>", "<!-- x -->", ""])
@pytest.mark.parametrize("root", ["rss", "RSS"])
def test_wide_characters_without_a_byte_order_mark_are_read(
    encoding: str, before: str, first: str, root: str
) -> None:
    text = of_titles("Hausse de l’ether : été 币").decode().replace("rss", root)

    assert parse(f"{before}{first}{text}".encode(encoding)).items[0].title == "Hausse de l’ether : été 币"


@pytest.mark.parametrize("others", ["", "Près de l’été : 3 € 币 ", "Près de l’été : 3 € 币 " * 20])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_an_emoji_in_two_halves_of_utf_8_is_one(others: str, mark: bytes) -> None:
    body = of_titles(others + "BTC XX up", "Second").replace(b"XX", b"\xed\xa0\xbd\xed\xba\x80")

    assert parse(mark + body).items[0].title == f"{others}BTC 🚀 up"


@pytest.mark.parametrize("declared", ["", "utf-8", "iso-8859-1", "windows-1252"])
def test_a_document_of_two_encodings_is_read_in_both(declared: str) -> None:
    old = "été à l’œuvre, 3 €"
    body = of_titles("OLD", "Ré’", "OLD").replace(b"OLD", old.encode("cp1252"))

    titles = [each.title for each in parse(body, f"text/xml; charset={declared}").items]

    assert titles == [old, "Ré’", old]


def test_a_single_entry_is_whole() -> None:
    entry = b'<entry xmlns="http://www.w3.org/2005/Atom"><id>1</id><title>Up</title></entry>'

    document = parse(b"<?xml version='1.0'?>" + entry)

    assert ([each.title for each in document.items], document.problem) == (["Up"], None)
    assert not document.is_cut
    assert parse(entry[:-9]).is_cut


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://a.example/1", "https://a.example/1"),
        ("HTTP://a.example/1", "HTTP://a.example/1"),
        ("/1", "https://gazette.example/1"),
        ("//a.example/1", "https://a.example/1"),
        ("?p=1", "https://gazette.example/feed?p=1"),
        ("javascript:alert(1)", None),
        (" JaVaScRiPt:alert(1)", None),
        ("java&#10;script:alert(1)", None),
        ("data:text/html,x", None),
        ("vbscript:x", None),
        ("file:///etc/passwd", None),
        ("mailto:a@b.example", None),
        ("magnet:?xt=1", None),
        ("http://[bad/", None),
    ],
)
def test_an_address_is_one_that_a_reader_may_open(link: str, url: str | None) -> None:
    body = f"<rss version='2.0'><channel><item><title>T</title><link>{link}</link></item></channel></rss>"

    assert parse(body.encode()).items[0].url == url


@pytest.mark.parametrize(
    "control", ["\x7f", "\x80", "\x9b31m", "\x9d0;title\x07", "\u0090", "&#127;", "&#x84;"]
)
def test_no_control_character_is_left_in_any_field(control: str) -> None:
    body = (
        f"<rss version='2.0'><channel><item><title>A{control}b</title><guid>g{control}1</guid>"
        f"<description>c{control}d</description><link>https://a.example/{control}1</link></item></channel></rss>"
    )

    (found,) = parse(body.encode()).items

    for field in (found.title, found.summary, found.guid, found.url):
        assert field is not None
        assert not any(unicodedata.category(letter) == "Cc" for letter in field)


@pytest.mark.parametrize(
    "nothing", ["\u200b", "\u00a0", "&#8203; &#65279;", "\u2060\ufe0f", "\u3164", "\u202e", "&amp;zwj;"]
)
def test_a_title_that_shows_nothing_is_none(nothing: str) -> None:
    body = of_titles(nothing, "Second").replace(
        b"</guid>", b"</guid><description>Fees fell.</description>", 1
    )

    assert [each.title for each in parse(body).items] == ["Fees fell.", "Second"]


def test_one_wrong_byte_does_not_garble_a_document() -> None:
    body = RSS.format(encoding="utf-8").encode().replace("é réussi".encode(), b"\xc3 r\xc3\xa9ussi")

    assert parse(body).items[0].title == "Hausse de l’ether : ét\ufffd réussi"


def test_a_body_that_is_the_name_of_a_file_is_not_opened() -> None:
    assert parse(b"/etc/hostname").problem == "it is no feed"
    assert parse(b"/dev/zero").problem == "it is no feed"


@pytest.mark.parametrize(
    "error", [RecursionError, MemoryError, AssertionError, UnicodeError, ValueError("\ud83d")]
)
def test_an_item_that_the_parser_cannot_take_is_a_failure_of_its_own(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    parse_all = feedparser.parse

    def parse_or_raise(document: object, **options: object) -> object:
        if b"poison" in document.getvalue():  # type: ignore[attr-defined]
            raise error
        return parse_all(document, **options)

    monkeypatch.setattr(feedparser, "parse", parse_or_raise)

    document = parse(of_titles("First", "poison", "Third"))

    assert [item.title for item in document.items] == ["First", "Third"]
    assert len(document.failures) == 1


@pytest.mark.heavy
@pytest.mark.parametrize(
    "unit", ["<a ", "<!", "<![", "<!--", "&", "&#", "</", "<a x='", "<?", "<![CDATA[", "<item>", "]]>"]
)
def test_a_document_of_a_million_openings_is_read_in_one_go(unit: str) -> None:
    body = of_titles(f"<![CDATA[{unit * 100_000}]]>", "Second", unit * 30_000)

    assert parse(body) is not None


@pytest.mark.parametrize(
    ("summary", "text"),
    [
        ("Fees fell. The post Ethereum crashes appeared first on Bitcoin Magazine.", "Fees fell."),
        ("Fees fell […] The post Ethereum crashes appeared first on <a>BTC Times</a>.", "Fees fell"),
        (
            "Les frais baissent. L’article Ethereum chute est apparu en premier sur Bitcoin.fr.",
            "Les frais baissent.",
        ),
        ("Kurs fällt. Der Beitrag Ethereum fällt erschien zuerst auf BTC-ECHO.", "Kurs fällt."),
        ("Cae. La entrada Ethereum cae se publicó primero en CriptoNoticias.", "Cae."),
        ("Cala. L’articolo Ethereum cala proviene da Bitcoin.it.", "Cala."),
        ("Fees fell. Read more", "Fees fell."),
        ("Fees fell... Continue reading Ethereum crashes at Bitcoin Magazine →", "Fees fell..."),
        ("Les frais baissent… Lire la suite »", "Les frais baissent…"),
        ("Kurs fällt. Weiterlesen", "Kurs fällt."),
        ("Cae. Leer más", "Cae."),
        ("Fees fell. Read more: Bitcoin is up", "Fees fell."),
        ("Traders continue reading charts.", "Traders continue reading charts."),
        ("The post office takes BTC.", "The post office takes BTC."),
        (
            "The first ETF appeared first on Nasdaq. It holds BTC.",
            "The first ETF appeared first on Nasdaq. It holds BTC.",
        ),
        ("Le cours monte Lire la suite", "Le cours monte"),
        ("Rates are what traders read more", "Rates are what traders read more"),
        ("Read more", None),
        ("Fees fell. Read full story", "Fees fell."),
        ("Fees fell. Read the Full Article on CoinDesk", "Fees fell."),
        ("Fees fell. [Read More...]", "Fees fell."),
        ("Fees fell. Originally published at https://bitcoin.example/x", "Fees fell."),
        ("Fees fell. Source: Bitcoin Magazine", "Fees fell."),
        (
            "Fees fell. Source: Bitcoin may fall, a bank says",
            "Fees fell. Source: Bitcoin may fall, a bank says",
        ),
        ("Fees fell. submitted by /u/btcfan to r/Bitcoin [link] [comments]", "Fees fell."),
        ("submitted by /u/btcfan [link] [comments]", None),
        ("Цена растёт. Сообщение Эфир падает появились сначала на BitNovosti.", "Цена растёт."),
        ("This article was originally published on Bitcoin.com", None),
    ],
)
def test_boilerplate_is_no_part_of_a_summary(summary: str, text: str | None) -> None:
    escaped = summary.replace("<", "&lt;").replace(">", "&gt;")
    body = of_titles("Ethereum crashes").replace(
        b"</guid>", f"</guid><description>{escaped}</description>".encode()
    )

    assert parse(body).items[0].summary == text


def test_a_title_of_endless_markup_is_cut_off_before_it_is_read() -> None:
    title = "abc" + "<b></b>" * MAX_MARKUP + "z"  # cut between two tags
    body = f"<rss version='2.0'><channel><item><title><![CDATA[{title}]]></title></item></channel></rss>"

    assert parse(body.encode()).items[0].title == "abc"
