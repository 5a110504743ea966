"""Text of a collector's log line, whose fields are also logged as data."""

from collections.abc import Mapping


def to_printable(text: str) -> str:
    r"""Return a text with what moves a terminal's cursor or ends a line escaped.

    >>> to_printable("币\x1b[2J\n")
    '币\\x1b[2J\\n'
    """
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def to_text(fields: Mapping[str, object]) -> str:
    """Return key=value pairs; a problem is quoted, since it may hold spaces.

    >>> to_text({"status": 500, "problem": "status 500"})
    "status=500 problem='status 500'"
    """
    return " ".join(
        f"{name}={value!r}" if name == "problem" else f"{name}={value}" for name, value in fields.items()
    )
