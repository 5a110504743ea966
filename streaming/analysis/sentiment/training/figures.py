"""Figures of labels: macro-F1, paired bootstrap over groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lakehouse.sentiment_models.model import CLASSES

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
NO_LABEL = len(CLASSES)
"""Index of a scorer's answer without one of the labels: never right."""
N_RESAMPLES = 10_000
_SEED = 20260101
_AT_ONCE = 500
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two scorers' labels of the same texts. ``p_value``: how often resamples show no gain (one-sided)."""

    n: int
    n_groups: int
    macro_f1: float
    macro_f1_interval: tuple[float, float]
    published_macro_f1: float
    difference: float
    difference_interval: tuple[float, float]
    p_value: float


def macro_f1(labels: Labels, predicted: Labels) -> float:
    """Return the mean over the classes of F1; 0 for one that occurs in neither."""
    return float(_macro_f1(_confusions(labels, predicted).sum(axis=0)[np.newaxis])[0])


def compare(labels: Labels, predicted: Labels, published: Labels, groups: Sequence[str]) -> Comparison:
    """Return the figures of a scorer beside the published one. Seeded: the same rows give the same figures.

    Groups are resampled, each with all of its rows, and both scorers on the same resample.
    Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    numbers = np.unique(np.array(groups), return_inverse=True)[1]
    both = [_by_group(_confusions(labels, answers), numbers) for answers in (predicted, published)]
    first, second = (_macro_f1(counts.sum(axis=0)[np.newaxis])[0] for counts in both)
    resampled = [_resample(counts) for counts in both]
    differences = resampled[0] - resampled[1]
    return Comparison(
        n=len(labels),
        n_groups=int(numbers.max()) + 1,
        macro_f1=float(first),
        macro_f1_interval=_interval(resampled[0]),
        published_macro_f1=float(second),
        difference=float(first - second),
        difference_interval=_interval(differences),
        p_value=float((1 + (differences <= 0).sum()) / (1 + N_RESAMPLES)),
    )


def _confusions(labels: Labels, predicted: Labels) -> Floats:
    """Return (rows, class, answer) with a one for each row."""
    counts = np.zeros((len(labels), len(CLASSES), len(CLASSES) + 1))
    counts[np.arange(len(labels)), labels, predicted] = 1
    return counts


def _by_group(counts: Floats, numbers: Labels) -> Floats:
    grouped = np.zeros((int(numbers.max()) + 1, *counts.shape[1:]))
    np.add.at(grouped, numbers, counts)
    return grouped


def _resample(counts: Floats) -> Floats:
    """Return the macro-F1 of each resample of groups; the same groups for every scorer."""
    random = np.random.default_rng(_SEED)
    n_groups, flat = len(counts), counts.reshape(len(counts), -1)
    shares = np.full(n_groups, 1 / n_groups)
    draws = (random.multinomial(n_groups, shares, size=_AT_ONCE) for _ in range(N_RESAMPLES // _AT_ONCE))
    return np.concatenate([_macro_f1((drawn @ flat).reshape(-1, *counts.shape[1:])) for drawn in draws])


def _macro_f1(counts: Floats) -> Floats:
    """Return the macro-F1 of each (class, answer) table."""
    hits = np.diagonal(counts, axis1=1, axis2=2)
    given = counts[..., :NO_LABEL].sum(axis=1)
    below = counts.sum(axis=2) + given
    scores: Floats = np.divide(2 * hits, below, out=np.zeros_like(below), where=below > 0).mean(axis=1)
    return scores


def _interval(values: Floats) -> tuple[float, float]:
    lower, upper = np.percentile(values, _INTERVAL)
    return float(lower), float(upper)
