"""Calibration of the probabilities of labels: expected calibration error and Brier score."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
N_BINS = 10
"""Bins of confidence, of equal width."""


def calibration_error(shares: Floats, labels: Labels) -> float:
    """Return the expected calibration error of the most probable class, in [0, 1].

    ``shares`` (texts x classes) are probabilities, ``labels`` (texts) columns of the right ones.
    Source: Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning" (2015).
    """
    confidence, is_right = shares.max(axis=1), shares.argmax(axis=1) == labels
    bins = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
    gaps = [abs(is_right[bins == each].sum() - confidence[bins == each].sum()) for each in range(N_BINS)]
    return float(sum(gaps) / len(labels))


def brier_score(shares: Floats, labels: Labels) -> float:
    """Return the mean squared error of the probabilities, summed over classes, from 0 to 2. Source: Brier (1950)."""
    return float(((shares - np.eye(shares.shape[1])[labels]) ** 2).sum(axis=1).mean())
