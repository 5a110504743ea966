"""Report of the figures on a labelled file, as lines for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

_NONE = "-"


def to_report(figures: Mapping[str, Any]) -> str:
    """Return the figures of `evaluate_rows` in words and columns."""
    lines = [
        f"{figures['file']}: {figures['n']} labelled texts, scorer {figures['scorer']} {figures['scorer_version']}",
        f"without a result  {_share(figures['share_without_result'])}",
        *(f"  {n:>6}  {reason}" for reason, n in figures["without_result"].items()),
        "",
        *_quality("all", figures),
    ]
    for language, of_language in figures["languages"].items():
        lines += ["", *_quality(language, of_language)]
    if figures["conflicts"]["n_texts"]:
        n_texts = figures["conflicts"]["n_texts"]
        lines += ["", *_quality(f"{n_texts} texts with several labels", figures["conflicts"])]
    return "\n".join(lines)


def _quality(name: str, figures: Mapping[str, Any]) -> Iterator[str]:
    if figures["macro_f1"] is None:
        yield f"{name}: nothing scored"
        return
    lower, upper = figures["macro_f1_interval"]
    yield f"{name}: {figures['n_scored']} scored, macro-F1 {figures['macro_f1']:.3f} [{lower:.3f}, {upper:.3f}]"
    for label, one in figures["classes"].items():
        shares = "  ".join(f"{name} {one[name]:.3f}" for name in ("precision", "recall", "f1"))
        yield f"  {label:<9} n {one['n']:>6}  {shares}"
    yield f"  calibration error {_figure(figures['ece'])}  Brier score {_figure(figures['brier'])}"


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _figure(value: float | None) -> str:
    return _NONE if value is None else f"{value:.3f}"
