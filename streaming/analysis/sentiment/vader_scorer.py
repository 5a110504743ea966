"""Rule-based scorer: VADER with crypto lexicons of English and French."""

import re
from collections.abc import Sequence

from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    NEGATE,
    SentimentIntensityAnalyzer,
    SentiText,
    normalize,
)

from streaming.analysis.sentiment.lexicon.wording import Lexicon, read_lexicon
from streaming.analysis.sentiment.scorer import NEGATIVE, NEUTRAL, POSITIVE, Passage, Polarity

MODEL = "vader-crypto"
RULES_VERSION = "2"
# Source: VADER's README, "typical threshold values" for its compound score.
NEUTRAL_WITHIN = 0.05
_SCORE_DIGITS = 4
# VADER's lexicon has emoticons and numbers of chats, too: "8)", "d:", "187" and "143" are none in a headline.
_STOCK_WORD = re.compile(r"[a-z][a-z'-]{2,}")
_PLACEHOLDER = re.compile(r"term(\d+)term")
_REACH = 3
"""How many words before a term VADER's negations and boosters may stand."""
_MODIFIERS = frozenset((*BOOSTER_DICT, *NEGATE, "no", "least"))


class VaderScorer:
    """Scorer by VADER's rules and the crypto lexicons. Stateless: a polarity depends on the passage alone."""

    model = MODEL

    def __init__(self) -> None:
        self._readers = {language: _Reader(read_lexicon(language)) for language in ("en", "fr")}
        versions = (reader.lexicon.version for reader in self._readers.values())
        self.version = "-".join((RULES_VERSION, *versions))
        self.languages = frozenset(self._readers)

    def score(self, passages: Sequence[Passage]) -> list[Polarity]:
        return [self._readers[passage.language].score(passage.text) for passage in passages]


class _Reader:
    """VADER in one language. Its own lexicon is English and is not used for French."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._analyzer = SentimentIntensityAnalyzer()
        stock = self._analyzer.lexicon if lexicon.language == "en" else {}
        words = {word: valence for word, valence in stock.items() if _STOCK_WORD.fullmatch(word)}
        self._analyzer.lexicon = words | lexicon.word_valences

    def score(self, text: str) -> Polarity:
        """Return the polarity of VADER's rules; its terms are the words that moved the score, in order."""
        rewritten = self.lexicon.rewrite(text)
        read = SentiText(rewritten.text)
        words, written = read.words_and_emoticons, list(read.words_and_emoticons)
        for at, word in enumerate(words):
            match = _PLACEHOLDER.fullmatch(word)
            if match and int(match[1]) < len(rewritten.terms):
                words[at], written[at] = rewritten.terms[int(match[1])]
        sentiments = [self._sentiment(read, at) for at in range(len(words))]
        moved = _moved_by(words, sentiments)
        score = self._compound(self._analyzer._but_check(words, sentiments), text)
        return Polarity(
            score=round(score, _SCORE_DIGITS),
            label=to_label(score),
            terms=tuple(dict.fromkeys(written[at].lower() for at in moved)),
        )

    def _sentiment(self, read: SentiText, at: int) -> float:
        """Return the valence of one word with what modifies it; most words have none."""
        word = read.words_and_emoticons[at].lower()
        if word not in self._analyzer.lexicon or word in BOOSTER_DICT:
            return 0.0
        (valence,) = self._analyzer.sentiment_valence(0, read, read.words_and_emoticons[at], at, [])
        return float(valence)

    def _compound(self, sentiments: Sequence[float], text: str) -> float:
        """Return VADER's compound score: the normalised sum, with the emphasis of the text's ``!`` and ``?``."""
        total = float(sum(sentiments))
        emphasis = self._analyzer._punctuation_emphasis(text)
        return float(normalize(total + emphasis if total > 0 else total - emphasis)) if total else 0.0


def _moved_by(words: Sequence[str], sentiments: Sequence[float]) -> list[int]:
    """Return the places of words with a valence, of what negates or strengthens them, and of a "but" beside them."""
    moved: set[int] = set()
    for at, sentiment in enumerate(sentiments):
        if sentiment:
            before = range(max(0, at - _REACH), at)
            moved |= {at, *(place for place in before if _is_modifier(words[place].lower()))}
    lower = [word.lower() for word in words]
    if moved and "but" in lower:
        moved.add(lower.index("but"))
    return sorted(moved)


def _is_modifier(word: str) -> bool:
    return word in _MODIFIERS or "n't" in word


def to_label(compound: float) -> str:
    """Return the label of VADER's compound score."""
    if compound >= NEUTRAL_WITHIN:
        return POSITIVE
    return NEGATIVE if compound <= -NEUTRAL_WITHIN else NEUTRAL
