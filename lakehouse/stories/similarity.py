"""Similarity of two headlines: whether they tell one story, and how alike they are."""

from lakehouse.stories.headline import Headline

MIN_SHARED = 0.8
"""Share of the shorter headline's words that the other one has, at least."""
MIN_JACCARD = 0.5
"""Share of both headlines' words that they have in common, at least."""
_BEGINNING = 4


def similarity(one: Headline, other: Headline) -> float:
    """Return the share of the words that two headlines have in common; 0 where they do not tell one story.

    They do not where each has a number, a name or an asset that the other lacks, or where one speaks of a rise and the
    other of a fall: headlines of one pattern about different things differ in these alone. Where capitals do not tell
    names, any word may be one.
    """
    n_shared = len(one.words & other.words)
    if not n_shared or n_shared < MIN_SHARED * min(len(one.words), len(other.words)):
        return 0.0
    jaccard = n_shared / len(one.words | other.words)
    return 0.0 if jaccard < MIN_JACCARD or _contradict(one, other) else jaccard


def _contradict(one: Headline, other: Headline) -> bool:
    if _differ(one.numbers, other.numbers) or _differ(one.assets, other.assets):
        return True
    ours, theirs = one.words - other.words, other.words - one.words
    if one.names is None or other.names is None:
        if _without_kin(ours, theirs) and _without_kin(theirs, ours):
            return True
    elif ours & one.names and theirs & other.names:
        return True
    return bool(
        (ours & one.rising and theirs & other.falling)
        or (ours & one.falling and theirs & other.rising)
        or _is_opposed(one, other)
        or _is_opposed(other, one)
    )


def _differ(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    return bool(ours - theirs and theirs - ours)


def _without_kin(ours: frozenset[str], theirs: frozenset[str]) -> list[str]:
    """Return the words that begin like none of the others: ``fined`` and ``fines`` are forms of one."""
    beginnings = {word[:_BEGINNING] for word in theirs}
    return [word for word in ours if word[:_BEGINNING] not in beginnings]


def _is_opposed(one: Headline, other: Headline) -> bool:
    """Return whether one headline speaks of rises alone and the other of falls alone."""
    return bool(one.rising and not one.falling and other.falling and not other.rising)
