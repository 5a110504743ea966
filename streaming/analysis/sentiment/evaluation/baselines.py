"""What the scorers are measured against: always the commonest label, and VADER as it comes."""

from collections import Counter
from collections.abc import Sequence

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from streaming.analysis.sentiment.scorer import Passage, Polarity
from streaming.analysis.sentiment.trained_scorer import training_passages
from streaming.analysis.sentiment.vader_scorer import to_label


class MajorityClass:
    """Always the label that is commonest among the training headlines."""

    model = "majority class"
    version = "1"
    languages = frozenset(("en", "fr"))

    def __init__(self) -> None:
        self._label = Counter(row.label for row in training_passages()).most_common(1)[0][0]

    def score(self, passages: Sequence[Passage]) -> list[Polarity]:
        return [Polarity(0.0, self._label, ()) for _ in passages]


class StockVader:
    """VADER with the lexicon of its wheel, which is English, on whatever it is given."""

    model = "stock VADER"
    version = "3.3.2"
    languages = frozenset(("en", "fr"))

    def __init__(self) -> None:
        self._analyzer = SentimentIntensityAnalyzer()

    def score(self, passages: Sequence[Passage]) -> list[Polarity]:
        scores = [self._analyzer.polarity_scores(passage.text)["compound"] for passage in passages]
        return [Polarity(score, to_label(score), ()) for score in scores]
