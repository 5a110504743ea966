"""Figures of one scorer on a labelled file: quality, share without a result, calibration, languages, conflicts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from streaming.analysis.sentiment.evaluation.attribution import ABSTAINED, Attributed, attribute
from streaming.analysis.sentiment.evaluation.calibration import brier_score, calibration_error
from streaming.analysis.sentiment.evaluation.figures import Figures, measure
from streaming.analysis.sentiment.evaluation.headlines import LabelledPassage
from streaming.analysis.sentiment.evaluation.labelled_file import LabelledText
from streaming.analysis.sentiment.scorer import SCORED_LABELS, Polarity, Scorer

_FIGURES = ("macro_f1", "macro_f1_interval", "recall", "classes", "ece", "brier")

Scored = tuple[LabelledPassage, Polarity]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration of probabilities; None where the scorer gives none.

    ``ece`` is the expected calibration error of the most probable label, ``brier`` the Brier score.
    """

    ece: float | None
    brier: float | None


def evaluate_rows(rows: Sequence[LabelledText], scorer: Scorer) -> dict[str, Any]:
    """Return the figures as a document of plain values; a share or a figure of nothing is None."""
    attributed = attribute(rows, scorer)
    scored, reasons = _score(attributed, scorer)
    return {
        "scorer": scorer.model,
        "scorer_version": scorer.version,
        "n": len(rows),
        "n_scored": len(scored),
        "share_without_result": 1 - len(scored) / len(rows),
        "without_result": dict(Counter(reasons).most_common()),
        **_figures_of(scored),
        "languages": {
            language: {"n_scored": len(of_language), **_figures_of(of_language)}
            for language in sorted({row.passage.language for row, _ in scored})
            if (of_language := [each for each in scored if each[0].passage.language == language])
        },
        "conflicts": _conflicts(scored),
    }


def _score(attributed: Sequence[Attributed], scorer: Scorer) -> tuple[list[Scored], list[str]]:
    passages = [each.passage for each in attributed if each.passage is not None]
    polarities = scorer.score([row.passage for row in passages])
    pairs = list(zip(passages, polarities, strict=True))
    scored = [(row, polarity) for row, polarity in pairs if polarity.label in SCORED_LABELS]
    reasons = [each.reason for each in attributed if each.reason is not None]
    return scored, [*reasons, *[ABSTAINED] * (len(pairs) - len(scored))]


def _figures_of(scored: Sequence[Scored]) -> dict[str, Any]:
    if not scored:
        return dict.fromkeys(_FIGURES)
    figures = measure([row for row, _ in scored], [polarity.label for _, polarity in scored])
    calibration = calibrate(scored)
    return {
        "macro_f1": figures.macro_f1.value,
        "macro_f1_interval": [figures.macro_f1.lower, figures.macro_f1.upper],
        "recall": {one.label: one.recall if one.n else None for one in figures.classes},
        "classes": _classes(figures),
        "ece": calibration.ece,
        "brier": calibration.brier,
    }


def _classes(figures: Figures) -> dict[str, dict[str, Any]]:
    return {
        one.label: {
            "n": one.n,
            "precision": one.precision,
            "recall": one.recall,
            "f1": one.f1.value,
            "f1_interval": [one.f1.lower, one.f1.upper],
        }
        for one in figures.classes
    }


def calibrate(scored: Iterable[Scored]) -> Calibration:
    """Return the calibration of the probabilities that the polarities carry."""
    given = [(row.label, polarity.probabilities) for row, polarity in scored if polarity.probabilities]
    if not given:
        return Calibration(None, None)
    shares = np.array([probabilities for _, probabilities in given], dtype=np.float64)
    true = np.array([SCORED_LABELS.index(label) for label, _ in given])
    return Calibration(calibration_error(shares, true), brier_score(shares, true))


def _conflicts(scored: Sequence[Scored]) -> dict[str, Any]:
    """Return figures on the texts that are labelled differently for different entities."""
    labels: dict[str, set[str]] = {}
    for row, _ in scored:
        labels.setdefault(row.title, set()).add(row.label)
    rows = [each for each in scored if len(labels[each[0].title]) > 1]
    return {
        "n_texts": sum(len(given) > 1 for given in labels.values()),
        "n_scored": len(rows),
        **_figures_of(rows),
    }
