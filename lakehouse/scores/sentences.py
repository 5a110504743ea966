"""Sentences about forecasts, made of their figures: what beats what, since when, and what does not."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from lakehouse.scores.distribution_card import DistributionRow
from lakehouse.scores.distribution_score import CONSTANT_VOLATILITY, CRPS, EWMA, RANDOM_WALK
from lakehouse.scores.verdicts import BETTER, TOO_LITTLE, WORSE, RowVerdict
from lakehouse.time_range import format_us

_NAMES = {CONSTANT_VOLATILITY: "a constant volatility", EWMA: "an average of recent squares"}
_KINDS = (("real", "live"), ("real", "replay"), ("generated", "live"), ("generated", "replay"))
_KIND_WORDS = {
    ("real", "live"): "Live forecasts of real prices",
    ("real", "replay"): "Replayed forecasts of real prices, which are no track record",
    ("generated", "live"): "Forecasts of a generated market",
    ("generated", "replay"): "Replayed forecasts of a generated market",
}


def to_sentences(rows: Sequence[DistributionRow]) -> list[str]:
    """Return what may be said of a symbol's forecasts, on the best kind of data that there is. No more than is shown.

    Of several versions of a model the newest counts.
    """
    kind = next((kind for kind in _KINDS if any((row.data, row.timeliness) == kind for row in rows)), None)
    if kind is None:
        return ["No forecast with a distribution has an outcome yet."]
    of_kind = list(_newest(row for row in rows if (row.data, row.timeliness) == kind))
    walks = [row for row in of_kind if row.model == RANDOM_WALK]
    return [
        f"{_KIND_WORDS[kind]}:",
        *(_distance(row) for row in walks),
        *_direction([row for row in of_kind if row.model != RANDOM_WALK]),
    ]


def _newest(rows: Iterable[DistributionRow]) -> Iterator[DistributionRow]:
    ordered = sorted(rows, key=lambda row: (row.model, row.horizon, row.until_us))
    for _, versions in groupby(ordered, key=lambda row: (row.model, row.horizon)):
        yield list(versions)[-1]


def _distance(row: DistributionRow) -> str:
    """Return the sentence on how far the price moves."""
    parts = [_beside(row, verdict) for verdict in row.verdicts if verdict.reference in _NAMES]
    return f"How far the price moves within {row.horizon}: {'; '.join(parts)}."


def _beside(row: DistributionRow, verdict: RowVerdict) -> str:
    name = _NAMES[verdict.reference]
    if verdict.verdict == TOO_LITTLE:
        return (
            f"too little data beside {name}, {verdict.n} of {verdict.n_needed} outcomes that do not overlap"
        )
    comparisons = row.score.comparisons if row.score else ()
    skill = next(one.skill for one in comparisons if (one.reference, one.score) == (verdict.reference, CRPS))
    size = f"CRPS {abs(skill):.1%} {'lower' if skill >= 0 else 'higher'}, {verdict.n} outcomes"
    if verdict.verdict in (BETTER, WORSE) and verdict.shown_since_us is not None:
        return f"{verdict.verdict} than {name} ({size}), shown since {format_us(verdict.shown_since_us)}"
    return f"not shown to be better than {name} ({size})"


def _direction(rows: Sequence[DistributionRow]) -> list[str]:
    """Return the sentence on where the price moves."""
    beside = [
        (row, verdict)
        for row in rows
        for verdict in row.verdicts
        if verdict.reference == RANDOM_WALK and verdict.verdict != TOO_LITTLE
    ]
    if not beside:
        return ["Where the price moves: too little data."]
    winners = [(row, verdict) for row, verdict in beside if verdict.verdict == BETTER]
    if not winners:
        tried = ", ".join(f"{row.model} at {row.horizon}" for row, _ in beside)
        return [f'Where the price moves: nothing is shown to be better than "the price stays" ({tried}).']
    return [
        f'Where the price moves: {row.model} is better than "the price stays" within {row.horizon}, '
        f"shown since {format_us(verdict.shown_since_us or 0)} on {verdict.n} outcomes."
        for row, verdict in winners
    ]
