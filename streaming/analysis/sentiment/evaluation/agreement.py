"""Agreement of two labellings of the same headlines."""

from collections import Counter
from collections.abc import Sequence


def cohens_kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Return the agreement of two labellings beyond chance: 1 for the same labels, 0 for chance alone.

    Raises: ValueError for labellings of different lengths, or of nothing.
    Source: Cohen, A Coefficient of Agreement for Nominal Scales (1960).

    >>> cohens_kappa("++--", "++--"), cohens_kappa("++--", "+-+-")
    (1.0, 0.0)
    """
    if not first:
        raise ValueError("there is nothing to agree on")
    n = len(first)
    observed = sum(one == other for one, other in zip(first, second, strict=True)) / n
    counts, others = Counter(first), Counter(second)
    chance = sum(counts[label] * others[label] for label in counts) / n**2
    return 1.0 if chance == 1 else (observed - chance) / (1 - chance)
