"""Repair of a feed's XML before it is parsed: references, forbidden characters, what stands around the root.

Every step is linear in the size of the document, since a hostile one may be `max_bytes` of anything.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_SECTION = re.compile(r"<!--|<!\[CDATA\[|<\?")
_SECTION_ENDS: Final = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"}
_CDATA: Final = "<![CDATA["
_ROOT = re.compile(r"<(?:[A-Za-z][\w.-]{0,30}:)?(?:rss|feed|RDF|channel)(?=[\s>/])", re.IGNORECASE)
_ROOT_END = re.compile(r"</(?:[A-Za-z][\w.-]{0,30}:)?(?:rss|feed|RDF|channel)\s{0,50}>", re.IGNORECASE)
_ITEM = re.compile(
    r"<(?P<end>/)?(?:(?:rss|rss10|atom|atom10|a|ns\d):)?(?:item|entry)(?=[\s>])", re.IGNORECASE
)
_TAG = re.compile(r"<[A-Za-z]")
_REFERENCE = re.compile(r"&(?:#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?|([A-Za-z][A-Za-z0-9]{1,31});)?")
_XML_NAMES: Final = frozenset(("amp", "lt", "gt", "quot", "apos"))
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MAX_DIGITS: Final = 7
_REPLACEMENT: Final = "\ufffd"
_TOO_LONG = re.compile(r"&#(?:[0-9]{8,}|x[0-9a-f]{8,});?", re.IGNORECASE)
_HALVES = re.compile(
    r"&#(?:x(d[89ab][0-9a-f]{2})|(5[5-6]\d{3}));&#(?:x(d[c-f][0-9a-f]{2})|(5[6-7]\d{3}));", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """A repaired document: its root, and the bounds of its items in it.

    ``is_closed``: the root, or what holds its items, has its end tag. ``open_item`` is where an item begins that has
    no end.
    """

    text: str
    items: tuple[tuple[int, int], ...]
    is_closed: bool
    open_item: int | None


def declares_entities(text: str) -> bool:
    """Return true where entities are declared before the root. An item may well write about such a declaration."""
    outline = _outline(text[:1_000_000])
    first_tag = _TAG.search(outline)
    return "<!ENTITY" in outline[: first_tag.start() if first_tag else len(outline)].upper()


def repair(text: str) -> Markup:
    """Return the document from its root to the root's end, with every reference and character that XML allows.

    What stands before the root (declaration, document type, a warning of the server's) and after its end goes.
    """
    outline = _outline(text)
    root = _ROOT.search(outline)
    start = root.start() if root else 0
    ends = list(_ROOT_END.finditer(outline, start))
    text = text[start : ends[-1].end() if ends else len(text)]
    repaired = "".join(_repaired_pieces(text))
    outline = _outline(repaired)
    items, open_item = _items(outline)
    last_start = items[-1][0] if open_item is None and items else open_item or 0
    # A document may be a single entry of Atom (RFC 4287, 2), which is closed with its item.
    is_closed = (root is None and open_item is None) or any(
        end.start() >= last_start for end in _ROOT_END.finditer(outline)
    )
    return Markup(text=repaired, items=tuple(items), is_closed=is_closed, open_item=open_item)


def mend_references(text: str) -> str:
    """Return a text without references that Python's readers cannot read.

    Two to the halves of a surrogate pair are the character that they mean; one of too many digits is no character.

    >>> mend_references("&#55357;&#56960; &#xD83D;&#xDE80; &#99999999;")
    '🚀 🚀 \ufffd'
    """
    if "&#" not in text:
        return text
    return _TOO_LONG.sub(_REPLACEMENT, _HALVES.sub(_to_character, text))


def _to_character(match: re.Match[str]) -> str:
    high = int(match[1], 16) if match[1] else int(match[2])
    low = int(match[3], 16) if match[3] else int(match[4])
    if 0xD800 <= high < 0xDC00 <= low < 0xE000:
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    return match[0]


def _sections(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield comments, CDATA sections and processing instructions: what they begin with, and bounds.

    One without an end goes on to the end of the text.
    """
    at = 0
    for opening in _SECTION.finditer(text):
        if opening.start() < at:
            continue
        end = text.find(_SECTION_ENDS[opening[0]], opening.end())
        at = end + len(_SECTION_ENDS[opening[0]]) if end >= 0 else len(text)
        yield opening[0], opening.start(), at


def _outline(text: str) -> str:
    """Return the text with spaces in place of its sections, each character where it was."""
    pieces, at = [], 0
    for _, start, end in _sections(text):
        pieces += [text[at:start], " " * (end - start)]
        at = end
    return "".join((*pieces, text[at:]))


def _repaired_pieces(text: str) -> Iterator[str]:
    at = 0
    for kind, start, end in _sections(text):
        yield _repaired(text[at:start])
        if kind == _CDATA or not text.endswith(_SECTION_ENDS[kind], start, end):
            yield _FORBIDDEN.sub("", mend_references(text[start:end]))
        at = end
    yield _repaired(text[at:])


def _repaired(text: str) -> str:
    text = _REFERENCE.sub(_to_reference, mend_references(text))
    return _FORBIDDEN.sub("", text).replace("]]>", "]]&gt;")


def _to_reference(match: re.Match[str]) -> str:
    """Return a reference that XML knows, or the character; an ampersand that begins none is one."""
    hexadecimal, decimal, name = match.groups()
    if hexadecimal or decimal:
        digits = (hexadecimal or decimal).lstrip("0")
        code = int(digits or "0", 16 if hexadecimal else 10) if len(digits) <= _MAX_DIGITS else 0
        return html.escape(
            _FORBIDDEN.sub(_REPLACEMENT, html.unescape(f"&#{code};") or _REPLACEMENT), quote=False
        )
    if name is None:
        return f"&amp;{match[0][1:]}"
    if name in _XML_NAMES:
        return match[0]
    character = html.unescape(match[0])
    return f"&amp;{name};" if character == match[0] else html.escape(character, quote=False)


def _items(outline: str) -> tuple[list[tuple[int, int]], int | None]:
    """Return the bounds of whole items, and where the last one begins if it has no end."""
    items, start = [], None
    for tag in _ITEM.finditer(outline):
        if not tag["end"]:
            start = tag.start()
        elif start is not None:
            items.append((start, outline.find(">", tag.end()) + 1 or len(outline)))
            start = None
    return items, start
