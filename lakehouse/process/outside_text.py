"""Text that strangers wrote, made harmless where it is printed, logged or exported."""

import re

LINE_BREAK = "\n"
FORMULA_START = "[=+\\-@\\t\\r\\n＝＋－＠]"
"""First characters by which spreadsheets take a cell for a formula. Source: OWASP, CSV Injection."""
_FORMULA = re.compile(FORMULA_START)
# C0, DEL and C1 (escape sequences, line breaks), further line separators, and what reorders a line's text.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def escape_controls(text: str, *, kept: str = "") -> str:
    """Return a text that is one line and moves no cursor: control characters are escaped but those ``kept``.

    >>> escape_controls("up\\x1b[2J\\nINFO forged")
    'up\\\\x1b[2J\\\\nINFO forged'
    """

    def escape(match: re.Match[str]) -> str:
        return match[0] if match[0] in kept else repr(match[0])[1:-1]

    return _CONTROLS.sub(escape, text)


def escape_formula(text: str) -> str:
    """Return a text that a spreadsheet shows as text: one that would be a formula gets a leading apostrophe.

    >>> escape_formula("=1+1"), escape_formula("a=1")
    ("'=1+1", 'a=1')
    """
    return f"'{text}" if _FORMULA.match(text) else text
