"""Text of a collector's log line, whose fields are also logged as data."""

from collections.abc import Mapping


def to_text(fields: Mapping[str, object]) -> str:
    """Return key=value pairs; a problem is quoted, since it may hold spaces.

    >>> to_text({"status": 500, "problem": "status 500"})
    "status=500 problem='status 500'"
    """
    return " ".join(
        f"{name}={value!r}" if name == "problem" else f"{name}={value}" for name, value in fields.items()
    )
