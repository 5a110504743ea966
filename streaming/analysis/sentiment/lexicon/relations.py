"""Relations of two assets in one statement: one overtakes the other, or is left for it. The words are data."""

import re

from streaming.analysis.sentiment.mentions import OTHER, TARGET

# "A overtakes B" is good for A and bad for B; "leaves A for B" is bad for A and good for B.
_OVERTAKES = {
    "en": r"overtak\w+|flips?|beats?|passes|tops|surpass\w*|outperform\w*|outpac\w+|overt?ook|gains\s+\w+\s+at",
    "fr": r"dépass\w+|double|devanc\w+|surclass\w+|domine",
}
_LEAVES = {
    "en": r"out\s+of|from|leaves?|leaving|exits?|dumps?|drops?|swaps?|abandons?|takes?",
    "fr": r"quitte\w*|délaisse\w*|fuient|sort\s+le|abandonne\w*",
}
_JOINS = {
    "en": r"to|into|for|over|return\s+to|hide\s+in|stays\s+with",
    "fr": r"pour|vers|chez|sur|au\s+profit\s+de|dans",
}
_BETWEEN = r"(?:[\w'’-]+\s+){0,4}?"
_LOSES, _GAINS = "lostground", "gainedground"
RELATION_VALENCES = {_GAINS: 2.0, _LOSES: -2.0}


def read_relations(text: str, language: str) -> tuple[str, list[str]]:
    """Return the text with a token of RELATION_VALENCES for its relation of TARGET and OTHER, and the related words."""
    if OTHER not in text or TARGET not in text:
        return text, []
    for pattern, token in _PATTERNS[language]:
        match = pattern.search(text)
        if match:
            words = match["how"].lower()
            return f"{text[: match.start('how')]} {token} {text[match.end('how') :]}", [words]
    return text, []


def _to_patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    over, leave, join = _OVERTAKES[language], _LEAVES[language], _JOINS[language]
    patterns = (
        (rf"\b{OTHER}\b\W+{_BETWEEN}(?P<how>{over})\W+{_BETWEEN}{TARGET}", _LOSES),
        (rf"\b{TARGET}\b\W+{_BETWEEN}(?P<how>{over})\W+{_BETWEEN}{OTHER}", _GAINS),
        (
            rf"\b(?P<how>{leave})\s+(?:\w+'|\w+\s+)?{TARGET}\b.{{0,40}}?\b(?:{join})\s+{_BETWEEN}{OTHER}",
            _LOSES,
        ),
        (
            rf"\b(?:{leave})\s+(?:\w+'|\w+\s+)?{OTHER}\b.{{0,40}}?\b(?P<how>{join})\s+{_BETWEEN}{TARGET}",
            _GAINS,
        ),
    )
    return [(re.compile(pattern, re.IGNORECASE), token) for pattern, token in patterns]


_PATTERNS = {language: _to_patterns(language) for language in ("en", "fr")}
