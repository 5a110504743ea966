"""Quality of a scorer's labels: F1 per class, its macro average, and bootstrap intervals over headlines."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streaming.analysis.sentiment.evaluation.headlines import LabelledPassage
from streaming.analysis.sentiment.scorer import SCORED_LABELS

N_RESAMPLES = 2_000
SEED = 20260101
_INTERVAL = (2.5, 97.5)

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A share and its 95 % interval."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Precision, recall and F1 of one label."""

    label: str
    n: int
    precision: float
    recall: float
    f1: Figure


@dataclass(frozen=True, slots=True)
class Figures:
    """A scorer's figures on one set of passages."""

    n: int
    macro_f1: Figure
    classes: tuple[ClassFigures, ...]


def measure(rows: Sequence[LabelledPassage], labels: Sequence[str]) -> Figures:
    """Return the figures of a scorer's labels. Seeded: the same rows and labels give the same intervals.

    Headlines are resampled, not passages, since two assets of one headline are not independent.
    Source: percentile bootstrap, Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    per_headline = _count(rows, labels)
    whole = per_headline.sum(axis=0)
    draws = np.random.default_rng(SEED).integers(len(per_headline), size=(N_RESAMPLES, len(per_headline)))
    resampled = np.stack([_f1(per_headline[drawn].sum(axis=0)) for drawn in draws])
    f1, hits = _f1(whole), np.diag(whole)
    precisions = _ratio(hits, whole.sum(axis=0))
    recalls = _ratio(hits, whole.sum(axis=1))
    return Figures(
        n=len(rows),
        macro_f1=_figure(f1.mean(), resampled.mean(axis=1)),
        classes=tuple(
            ClassFigures(
                label=label,
                n=int(whole[at].sum()),
                precision=float(precisions[at]),
                recall=float(recalls[at]),
                f1=_figure(f1[at], resampled[:, at]),
            )
            for at, label in enumerate(SCORED_LABELS)
        ),
    )


def _count(rows: Sequence[LabelledPassage], labels: Sequence[str]) -> Counts:
    """Return counts by headline, true label and given label."""
    headlines = {title: at for at, title in enumerate(dict.fromkeys(row.title for row in rows))}
    counts = np.zeros((len(headlines), len(SCORED_LABELS), len(SCORED_LABELS)))
    for row, label in zip(rows, labels, strict=True):
        counts[headlines[row.title], SCORED_LABELS.index(row.label), SCORED_LABELS.index(label)] += 1
    return counts


def _f1(confusion: Counts) -> Counts:
    """Return F1 of each label; 0 for a label that does not occur."""
    hits = np.diag(confusion)
    return _ratio(2 * hits, confusion.sum(axis=0) + confusion.sum(axis=1))


def _ratio(above: Counts, below: Counts) -> Counts:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _figure(value: float, resampled: Counts) -> Figure:
    lower, upper = np.percentile(resampled, _INTERVAL)
    return Figure(float(value), float(lower), float(upper))
