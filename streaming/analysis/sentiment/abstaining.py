"""Scorer that abstains: where its highest probability is below a threshold, the label is `unsure`."""

from collections.abc import Sequence
from dataclasses import replace

from lakehouse.messages.contract import UNSURE
from streaming.analysis.sentiment.scorer import Passage, Polarity, Scorer


class AbstainingScorer:
    """Scorer whose unsure polarities have no score. One without probabilities never abstains."""

    def __init__(self, scorer: Scorer, below: float) -> None:
        self._scorer = scorer
        self._below = below
        self.model = scorer.model
        self.version = scorer.version
        self.languages = scorer.languages

    def score(self, passages: Sequence[Passage]) -> list[Polarity]:
        return [self._decide(polarity) for polarity in self._scorer.score(passages)]

    def _decide(self, polarity: Polarity) -> Polarity:
        if polarity.probabilities is None or max(polarity.probabilities) >= self._below:
            return polarity
        return replace(polarity, score=None, label=UNSURE)
