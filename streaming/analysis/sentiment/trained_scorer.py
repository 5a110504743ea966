"""Trained scorer: TF-IDF of words and characters, then logistic regression, fitted on labelled headlines.

It is fitted at its first use, in about a second, from the training headlines in this package: nothing is unpickled,
and the same headlines and libraries give the same model.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion

from streaming.analysis.sentiment.evaluation.headlines import LabelledPassage, read_passages
from streaming.analysis.sentiment.mentions import OTHER, TARGET
from streaming.analysis.sentiment.scorer import NEGATIVE, POSITIVE, Passage, Polarity

MODEL = "tfidf-logistic"
RECIPE_VERSION = "1"
LANGUAGES = ("en", "fr")
_SCORE_DIGITS = 4
_MAX_TERMS = 5
# Source: grouped ten-fold cross-validation on the training headlines; 1, 3, 10 and 30 were tried.
_STRENGTH = 1.0


class TrainedScorer:
    """Scorer fitted on labelled passages.

    The score is the regression's share of positive less that of negative: not calibrated, so no probability.
    """

    model = MODEL
    languages = frozenset(LANGUAGES)

    def __init__(self, training: Sequence[LabelledPassage] | None = None) -> None:
        rows = list(training if training is not None else training_passages())
        self.version = f"{RECIPE_VERSION}-{_digest(rows)}"
        self._features = _new_features()
        features = self._features.fit_transform([row.passage.text for row in rows])
        self._regression = LogisticRegression(C=_STRENGTH, max_iter=1_000, class_weight="balanced")
        self._regression.fit(features, [row.label for row in rows])
        self._names = self._features.get_feature_names_out()
        self._is_word = np.array([name.startswith("words__") for name in self._names])

    def score(self, passages: Sequence[Passage]) -> list[Polarity]:
        if not passages:
            return []
        features = csr_matrix(self._features.transform([passage.text for passage in passages]))
        shares = self._regression.predict_proba(features)
        classes = list(self._regression.classes_)
        scores = shares[:, classes.index(POSITIVE)] - shares[:, classes.index(NEGATIVE)]
        labels = shares.argmax(axis=1)
        return [
            Polarity(
                score=round(float(scores[at]), _SCORE_DIGITS),
                label=str(classes[labels[at]]),
                terms=self._terms(features, at, int(labels[at])),
            )
            for at in range(len(passages))
        ]

    def _terms(self, features: csr_matrix, at: int, label: int) -> tuple[str, ...]:
        """Return the words of a passage with the most weight for its label."""
        start, end = features.indptr[at], features.indptr[at + 1]
        columns = features.indices[start:end]
        weights = features.data[start:end] * self._regression.coef_[label, columns]
        weighted = sorted(
            (-weight, str(self._names[column]).removeprefix("words__"))
            for weight, column in zip(weights, columns, strict=True)
            if weight > 0 and self._is_word[column]
        )
        terms = (
            " ".join(word for word in term.split() if word not in (TARGET, OTHER)) for _, term in weighted
        )
        return tuple(dict.fromkeys(term for term in terms if term))[:_MAX_TERMS]


def training_passages() -> list[LabelledPassage]:
    return [row for language in LANGUAGES for row in read_passages("training", language)]


def _new_features() -> FeatureUnion:
    return FeatureUnion(
        [
            ("words", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")),
            ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)),
        ]
    )


def _digest(rows: Sequence[LabelledPassage]) -> str:
    text = "\n".join(f"{row.passage.language}\t{row.label}\t{row.passage.text}" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()[:8]
