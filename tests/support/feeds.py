"""RSS for the tests: a feed of items that are given as dictionaries of their elements."""

from collections.abc import Mapping

TEN = "Wed, 25 Nov 2026 10:00:00 GMT"


def item(number: int, *, title: str | None = None, date: str | None = TEN) -> dict[str, str]:
    elements = {
        "title": title or f"Text {number}",
        "guid": f"g{number}",
        "link": f"https://gazette.example/{number}",
    }
    return elements if date is None else elements | {"pubDate": date}


def rss(*items: Mapping[str, str]) -> bytes:
    written = (
        "".join(["<item>", *(f"<{name}>{text}</{name}>" for name, text in each.items()), "</item>"])
        for each in items
    )
    return f'<rss version="2.0"><channel><title>Gazette</title>{"".join(written)}</channel></rss>'.encode()
