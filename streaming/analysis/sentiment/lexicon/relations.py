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
_LOSES, _GAINS = -2.0, 2.0
RELATION_VALENCES = (_LOSES, _GAINS)


def find_relation(text: str, language: str) -> tuple[int, int, float] | None:
    """Return (start, end, valence) of the words that relate TARGET and OTHER; None where nothing does."""
    if OTHER not in text or TARGET not in text:
        return None
    for pattern, valence in _PATTERNS[language]:
        match = pattern.search(text)
        if match:
            return match.start("how"), match.end("how"), valence
    return None


def _to_patterns(language: str) -> list[tuple[re.Pattern[str], float]]:
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
    return [(re.compile(pattern, re.IGNORECASE), valence) for pattern, valence in patterns]


_PATTERNS = {language: _to_patterns(language) for language in ("en", "fr")}
