"""Training of a model from files of labels: trials, model, verdict, and the report that goes with the model."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.sentiment_models.model import CLASSES, SentimentModel
from streaming.analysis.sentiment.scorer import Scorer
from streaming.analysis.sentiment.semantic.semantic_scorer import MODEL
from streaming.analysis.sentiment.semantic.vector_cache import VectorCache
from streaming.analysis.sentiment.training.labels import read_labels
from streaming.analysis.sentiment.training.trial import (
    Material,
    Trial,
    check_trainable,
    fit,
    prepare,
    score_apart,
    to_verdict,
    try_folds,
    try_newest,
    without_seen,
)
from streaming.errors import LabelsFileError

_APART = "a file apart"


@dataclass(frozen=True, slots=True)
class Scorers:
    """What training needs beside labels: vectors, and the scorer that is published now."""

    vectors: VectorCache
    published: Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A trained model with its trials, the deciding one first, and a verdict in words."""

    model: SentimentModel
    trials: tuple[Trial, ...]
    verdict: str
    report: Mapping[str, Any]


def train(labels: Sequence[Path], scorers: Scorers, *, test: Sequence[Path] = ()) -> Training:
    """Return a model of labelled files, tried on texts that it has not seen. Deterministic.

    What decides is the file apart where there is one, else the newest third, else cross-validation. The published
    model is compared on the same texts. Raises: LabelsFileError.
    """
    material = _read(labels, scorers)
    check_trainable(material)
    model = fit(material)
    trials = [trial for trial in (try_newest(material), try_folds(material)) if trial]
    if test:
        apart = without_seen(_read(test, scorers), material)
        if not apart.dates:
            raise LabelsFileError("every text to test on is among the labels, too")
        trials.insert(0, score_apart(_APART, model, apart))
    published = scorers.published
    verdict = to_verdict(trials[0], model=f"{MODEL} {model.digest}", published=published.model)
    counts = Counter(CLASSES[at] for at in material.rows.labels)
    report = {
        "verdict": verdict,
        "n_texts": len(material.dates),
        "n_groups": len(set(material.rows.groups)),
        "labels": dict(sorted(counts.items())),
        "languages": list(material.languages),
        "published": {"model": published.model, "version": published.version},
        "trials": [trial.to_json() for trial in trials],
    }
    return Training(model=model, trials=tuple(trials), verdict=verdict, report=report)


def _read(paths: Sequence[Path], scorers: Scorers) -> Material:
    return prepare(read_labels(paths), scorers.vectors, published=scorers.published)
