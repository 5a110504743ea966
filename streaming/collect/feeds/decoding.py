"""Decoder of feed documents, whose declared encoding is often wrong. Pure; linear in the size of the document."""

import codecs
import re
from typing import Final

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Source: XML 1.0, appendix F: how a document without a byte order mark begins, after white space that many have.
_BEGINNINGS: Final = (
    (re.compile(re.escape("<?xm".encode("cp037"))), "cp037"),
    (re.compile(rb"(?:[\t\n\r ]\0\0\0){0,64}<\0\0\0[?!A-Za-z]\0\0\0"), "utf-32-le"),
    (re.compile(rb"(?:\0\0\0[\t\n\r ]){0,64}\0\0\0<\0\0\0[?!A-Za-z]"), "utf-32-be"),
    (re.compile(rb"(?:[\t\n\r ]\0){0,64}<\0[?!A-Za-z]\0"), "utf-16-le"),
    (re.compile(rb"(?:\0[\t\n\r ]){0,64}\0<\0[?!A-Za-z]"), "utf-16-be"),
)
# Halves of a surrogate pair, each as if it were a character: what some programs in Java and MySQL write of an emoji.
_SURROGATE_PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
# Character sets only: Python's other text codecs (punycode, unicode_escape) are none, and some take quadratic time.
_CHARACTER_SET = re.compile(
    r"ascii|utf-(?:8|16|32)(?:-[bl]e)?|iso8859-\d+|cp\d+|koi8-[rtu]|gb18030|gbk|gb2312|hz|big5|big5hkscs|cp950"
    r"|shift_jis\w*|euc_\w+|iso2022_\w+|mac-\w+|tis-620|johab|ptcp154"
)
# Those that one browser or another reads as a superset. Source: WHATWG Encoding Standard, 4.2.
_SUPERSETS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-9": "cp1254",
}
_IN_ASCII_BYTES = re.compile(r"iso2022_\w+|hz")
# Of the characters beyond ASCII. A document in UTF-8 that was patched has a few wrong ones; one in another encoding
# has hardly any right ones (the least in the tests: 0.6 wrong).
_MAX_WRONG_SHARE = 0.3
_UTF_8_AS_LATIN_1 = re.compile(
    "(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+"
)
_UNDEFINED: Final = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
_WINDOWS_1252 = {byte: bytes([byte]).decode("cp1252") for byte in range(0x80, 0xA0) if byte not in _UNDEFINED}


def decode_document(body: bytes, *, content_type: str) -> str:
    """Return the text of a document, never with halves of surrogate pairs.

    In this order: a byte order mark; a beginning in UTF-16 or UTF-32; what is valid UTF-8 and not ASCII alone, whatever
    is declared; nearly valid UTF-8; the charset of the media type, then of the XML declaration (after it where the
    media type says latin-1, an old default of servers); Windows-1252, with what is valid UTF-8 in it as that.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _decode(body.removeprefix(mark), encoding)
    for beginning, encoding in _BEGINNINGS:
        if beginning.match(body):
            return body.decode(encoding, "replace")
    declared = _declared_encodings(body, content_type)
    if body.isascii():
        in_ascii = next((name for name in declared if _IN_ASCII_BYTES.fullmatch(name)), "ascii")
        return body.decode(in_ascii, "replace")
    text = _decode(body, "utf-8")
    n_wrong = text.count("\ufffd") - body.count("\ufffd".encode())
    n_others = len(text) - len(text.encode("ascii", "ignore"))
    if n_wrong <= _MAX_WRONG_SHARE * n_others:
        return text
    for encoding in (*declared, "cp1252"):
        try:
            return _decode_windows_1252(body) if encoding == "cp1252" else body.decode(encoding)
        except UnicodeError:
            continue
    return text


def _declared_encodings(body: bytes, content_type: str) -> list[str]:
    """Return the encodings that media type and document declare, in order of credibility."""
    in_header, in_document = _CHARSET.search(content_type), _DECLARED.search(body[:1_000])
    names = [
        _character_set(in_header[1]) if in_header else None,
        _character_set(in_document[1].decode("ascii")) if in_document else None,
    ]
    if names[0] == "cp1252":
        names.reverse()
    return [name for name in names if name is not None and not name.startswith("utf-")]


def _character_set(name: str) -> str | None:
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    known = _SUPERSETS.get(known, known)
    return known if _CHARACTER_SET.fullmatch(known) else None


def _decode(body: bytes, encoding: str) -> str:
    if encoding == "utf-8":
        body = _SURROGATE_PAIR.sub(_to_utf_8, body)
    return body.decode(encoding, "replace")


def _to_utf_8(pair: re.Match[bytes]) -> bytes:
    halves = pair[0].decode("utf-8", "surrogatepass")
    return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le").encode()


def _decode_windows_1252(body: bytes) -> str:
    """Decode as Windows-1252, its five undefined bytes as ISO 8859-1 does, and what is valid UTF-8 in it as that.

    Documents that are put together of several often have both encodings.
    """
    return _UTF_8_AS_LATIN_1.sub(_to_characters, body.decode("latin-1")).translate(_WINDOWS_1252)


def _to_characters(match: re.Match[str]) -> str:
    try:
        return match[0].encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return match[0]
