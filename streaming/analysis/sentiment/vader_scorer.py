"""Rule-based scorer: VADER with crypto lexicons of English and French."""

from collections.abc import Mapping, Sequence

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from streaming.analysis.sentiment.lexicon.relations import RELATION_VALENCES, read_relations
from streaming.analysis.sentiment.lexicon.wording import Lexicon, read_lexicon
from streaming.analysis.sentiment.scorer import NEGATIVE, NEUTRAL, POSITIVE, Passage, Polarity

MODEL = "vader-crypto"
RULES_VERSION = "1"
# Source: VADER's README, "typical threshold values" for its compound score.
NEUTRAL_WITHIN = 0.05
_SCORE_DIGITS = 4


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
        own = self._analyzer.lexicon if lexicon.language == "en" else {}
        self._stock: Mapping[str, float] = own
        self._analyzer.lexicon = own | lexicon.token_valences | RELATION_VALENCES

    def score(self, text: str) -> Polarity:
        related, relation_terms = read_relations(text, self.lexicon.language)
        rewritten, terms = self.lexicon.rewrite(related)
        score = self._analyzer.polarity_scores(rewritten)["compound"]
        words = (word.strip(".,;:!?\"'") for word in rewritten.lower().split())
        stock = [word for word in words if word in self._stock]
        return Polarity(
            score=round(score, _SCORE_DIGITS),
            label=to_label(score),
            terms=tuple(dict.fromkeys((*relation_terms, *terms, *stock))),
        )


def to_label(compound: float) -> str:
    """Return the label of VADER's compound score."""
    if compound >= NEUTRAL_WITHIN:
        return POSITIVE
    return NEGATIVE if compound <= -NEUTRAL_WITHIN else NEUTRAL
