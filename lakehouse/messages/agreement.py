"""Checks of the fields of a message that have to agree with each other, after each was checked alone."""

from collections.abc import Callable, Sequence
from typing import Any

from lakehouse.messages.contract import (
    ANALYZED_SENTIMENT,
    LABELS_WITH_SCORE,
    PREDICTED_PRICE,
    PROBABILITY_TOLERANCE,
    WITHOUT_SCORE,
    MessageContract,
)
from lakehouse.messages.fields import RuleViolationError

_MAX_KNOWN_LEVELS = 100
_HORIZON_UNIT_US = {"m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}


def agreement_check(contract: MessageContract, names: Sequence[str]) -> Callable[[list[Any]], None] | None:
    """Return the check of the fields that have to agree with each other, where a contract has such."""
    if contract is PREDICTED_PRICE:
        return _forecast_check(names)
    return _score_check(names) if contract is ANALYZED_SENTIMENT else None


def _score_check(names: Sequence[str]) -> Callable[[list[Any]], None]:
    """Return the check of a score with its label, and of the probabilities with each other."""
    score_at, label_at = names.index("score"), names.index("label")
    probabilities_at = [names.index(f"p_{label}") for label in LABELS_WITH_SCORE]
    given = " or ".join(WITHOUT_SCORE)

    def check(row: list[Any]) -> None:
        score, label = row[score_at], row[label_at]
        if (score is None) != (label in WITHOUT_SCORE):
            text = "null" if score is None else f"{score:g}"
            raise RuleViolationError(
                "score_contradicts_label",
                "score",
                f"score is {text} and label is {label}; score is null exactly where label is {given}",
            )
        shares = [row[at] for at in probabilities_at]
        n_null = shares.count(None)
        if n_null == len(shares):
            return
        if n_null or abs(sum(shares) - 1) > PROBABILITY_TOLERANCE:
            text = ", ".join("null" if share is None else f"{share:g}" for share in shares)
            raise RuleViolationError(
                "probabilities_contradict",
                names[probabilities_at[0]],
                f"probabilities are {text}; all three with a sum of 1 (within {PROBABILITY_TOLERANCE:g}), or none",
            )

    return check


def _forecast_check(names: Sequence[str]) -> Callable[[list[Any]], None]:
    """Return the check of a forecast's interval, horizon and distribution, on values with times in microseconds."""
    lower_at, upper_at, horizon_at, made_at, target_at, quantiles_at, moves_at = (
        names.index(name)
        for name in ("lower", "upper", "horizon", "made_at", "target_time", "quantiles", "moves")
    )
    horizons_us: dict[str, int] = {}
    known_levels: set[tuple[float, ...]] = set()

    def check(row: list[Any]) -> None:
        _check_interval(row[lower_at], row[upper_at])
        horizon = row[horizon_at]
        horizon_us = horizons_us.get(horizon)
        if horizon_us is None:
            horizon_us = horizons_us[horizon] = int(horizon[:-1]) * _HORIZON_UNIT_US[horizon[-1]]
        if row[target_at] - row[made_at] != horizon_us:
            raise RuleViolationError(
                "horizon_mismatch", "target_time", f"target_time is not made_at + {horizon}"
            )
        if row[quantiles_at] is not None:
            _check_quantiles(row[quantiles_at], known_levels)
        if row[moves_at] is not None:
            _check_moves(row[moves_at])

    return check


def _check_interval(lower: float | None, upper: float | None) -> None:
    if (lower is None) != (upper is None):
        missing = "lower" if lower is None else "upper"
        raise RuleViolationError("interval_incomplete", missing, "lower and upper come together")
    if lower is not None and upper is not None and lower > upper:
        raise RuleViolationError("interval_reversed", "lower", f"lower is {lower:g}, above upper, {upper:g}")


def _check_quantiles(quantiles: Any, known_levels: set[tuple[float, ...]]) -> None:
    levels, values = quantiles.levels, quantiles.values
    if not levels or len(levels) != len(values):
        raise RuleViolationError(
            "quantiles_disagree",
            "quantiles",
            f"quantiles has {len(levels)} levels and {len(values)} values; as many of both are accepted, at least 1",
        )
    if levels not in known_levels:
        _check_ascending(levels == tuple(sorted(set(levels))))
        if len(known_levels) < _MAX_KNOWN_LEVELS:
            known_levels.add(levels)
    _check_ascending(values == tuple(sorted(values)))


def _check_ascending(is_ascending: bool) -> None:
    if not is_ascending:
        raise RuleViolationError(
            "quantiles_disagree", "quantiles", "levels ascend, each once, and values do not descend"
        )


def _check_moves(moves: Sequence[Any]) -> None:
    thresholds = [move.threshold for move in moves]
    probabilities = [move.probability for move in moves]
    if (
        not moves
        or thresholds != sorted(set(thresholds))
        or probabilities != sorted(probabilities, reverse=True)
    ):
        raise RuleViolationError(
            "moves_disagree",
            "moves",
            "at least one threshold is given; thresholds ascend, each once, and probabilities do not ascend",
        )
