"""Rule-based scorer: VADER with crypto lexicons of English and French."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    NEGATE,
    SPECIAL_CASES,
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
_REACH = 3
"""How many words before a term VADER's negations and boosters may stand."""
_MODIFIERS = frozenset((*BOOSTER_DICT, *NEGATE, "no", "least"))
# Beside none of these VADER's rules leave a valence as it is. Of a phrase one word is enough: the longest.
_ACTING = frozenset(
    (
        *NEGATE,
        "no",
        "least",
        "so",
        "this",
        *(max(key.split(), key=len) for key in (*BOOSTER_DICT, *SPECIAL_CASES)),
    )
)
_NOT = "n't"


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


@dataclass(frozen=True, slots=True)
class _Window:
    """The words that VADER's rules of one word read: they look at no other ones, and copy all that they are given."""

    words_and_emoticons: list[str]
    is_cap_diff: bool


class _Reader:
    """VADER in one language. Its own lexicon is English and is not used for French."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._analyzer = SentimentIntensityAnalyzer()
        stock = self._analyzer.lexicon if lexicon.language == "en" else {}
        words = {word: valence for word, valence in stock.items() if _STOCK_WORD.fullmatch(word)}
        self._analyzer.lexicon = words | lexicon.word_valences
        self._valenced = {
            word for word, valence in self._analyzer.lexicon.items() if valence
        } - BOOSTER_DICT.keys()

    def score(self, text: str) -> Polarity:
        """Return the polarity of VADER's rules; its terms are the words that moved the score, in order."""
        rewritten = self.lexicon.rewrite(text)
        read = SentiText(rewritten.text)
        words, written = read.words_and_emoticons, list(read.words_and_emoticons)
        placeholders = {f"term{at}term": term for at, term in enumerate(rewritten.terms)}
        for at, word in enumerate(words):
            if word in placeholders:
                words[at], written[at] = placeholders[word]
        lower = list(map(str.lower, words))
        sentiments = [0.0] * len(words)
        for at, word in enumerate(lower):
            if word in self._valenced:
                sentiments[at] = self._sentiment(read, lower, at)
        moved = _moved_by(lower, sentiments) if any(sentiments) else []
        score = self._compound(self._analyzer._but_check(words, sentiments), text) if moved else 0.0
        return Polarity(
            score=round(score, _SCORE_DIGITS),
            label=to_label(score),
            terms=tuple(dict.fromkeys(written[at].lower() for at in moved)),
        )

    def _sentiment(self, read: SentiText, lower: Sequence[str], at: int) -> float:
        """Return the valence of one word with what modifies it."""
        first = max(0, at - _REACH)
        around = lower[first : at + _REACH]
        # Two words of three have nothing beside them that acts on them: VADER's rules take 17 us to say so.
        if _ACTING.isdisjoint(around) and _NOT not in " ".join(around) and not self._is_emphasised(read, at):
            return float(self._analyzer.lexicon[lower[at]])
        window = _Window(read.words_and_emoticons[first : at + _REACH], read.is_cap_diff)
        (valence,) = self._analyzer.sentiment_valence(
            0, window, window.words_and_emoticons[at - first], at - first, []
        )
        return float(valence)

    def _is_emphasised(self, read: SentiText, at: int) -> bool:
        return bool(read.is_cap_diff and read.words_and_emoticons[at].isupper())

    def _compound(self, sentiments: Sequence[float], text: str) -> float:
        """Return VADER's compound score: the normalised sum, with the emphasis of the text's ``!`` and ``?``."""
        total = float(sum(sentiments))
        if not total:
            return 0.0
        emphasis = self._analyzer._punctuation_emphasis(text)
        return float(normalize(total + emphasis if total > 0 else total - emphasis))


def _moved_by(lower: Sequence[str], sentiments: Sequence[float]) -> list[int]:
    """Return the places of words with a valence, of what negates or strengthens them, and of a "but" beside them."""
    moved: set[int] = set()
    for at, sentiment in enumerate(sentiments):
        if sentiment:
            before = range(max(0, at - _REACH), at)
            moved |= {at, *(place for place in before if _is_modifier(lower[place]))}
    if moved and "but" in lower:
        moved.add(lower.index("but"))
    return sorted(moved)


def _is_modifier(word: str) -> bool:
    return word in _MODIFIERS or _NOT in word


def to_label(compound: float) -> str:
    """Return the label of VADER's compound score."""
    if compound >= NEUTRAL_WITHIN:
        return POSITIVE
    return NEGATIVE if compound <= -NEUTRAL_WITHIN else NEUTRAL
