"""Baselines of the scorers: the most common label, and stock VADER."""

from collections import Counter
from collections.abc import Sequence

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from streaming.analysis.sentiment.evaluation.headlines import training_passages
from streaming.analysis.sentiment.scorer import Passage, Polarity
from streaming.analysis.sentiment.vader_scorer import to_label


class MajorityClass:
    """Scorer that always gives the most common label of the training headlines."""

    model = "majority class"
    version = "1"
    languages = frozenset(("en", "fr"))

    def __init__(self) -> None:
        self._label = Counter(row.label for row in training_passages()).most_common(1)[0][0]

    def score(self, passages: Sequence[Passage]) -> list[Polarity]:
        return [Polarity(0.0, self._label, ()) for _ in passages]


class StockVader:
    """VADER with its own English lexicon, in every language."""

    model = "stock VADER"
    version = "3.3.2"
    languages = frozenset(("en", "fr"))

    def __init__(self) -> None:
        self._analyzer = SentimentIntensityAnalyzer()

    def score(self, passages: Sequence[Passage]) -> list[Polarity]:
        scores = [self._analyzer.polarity_scores(passage.text)["compound"] for passage in passages]
        return [Polarity(score, to_label(score), ()) for score in scores]
