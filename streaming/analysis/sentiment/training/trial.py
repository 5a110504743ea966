"""Trial of training: how good a model is on texts that it has not seen, beside the published one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lakehouse.sentiment_models.model import CLASSES, SentimentModel
from streaming.analysis.sentiment.evaluation.calibration import brier_score, calibration_error
from streaming.analysis.sentiment.languages import UNDETERMINED
from streaming.analysis.sentiment.scorer import Passage, Scorer
from streaming.analysis.sentiment.semantic.features import to_features
from streaming.analysis.sentiment.semantic.vector_cache import VectorCache
from streaming.analysis.sentiment.training.figures import (
    NO_LABEL,
    Comparison,
    Floats,
    compare,
)
from streaming.analysis.sentiment.training.fitting import N_FOLDS, TrainingSet, fit_model, folds_of
from streaming.analysis.sentiment.training.labels import LabelledPassage
from streaming.errors import LabelsFileError

MIN_OF_A_LABEL = 15
"""Fewer texts of a label leave folds without it."""
MIN_OF_A_LANGUAGE = 30
"""Texts in a language with fewer are still scored by the lexicon."""
MIN_GROUPS_TO_COMPARE = 100
SIGNIFICANT = 0.01
OLDER_SHARE = 2 / 3

_NEWEST = "newest third"
_FOLDS = "grouped cross-validation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Labelled texts with their features, and the published scorer's answers on them."""

    rows: TrainingSet
    published: npt.NDArray[np.int64]
    dates: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Figures of the whole procedure on texts that its models have not seen."""

    protocol: str
    comparison: Comparison
    ece: float
    brier: float

    def to_json(self) -> Mapping[str, Any]:
        """Return the figures by name."""
        return {"protocol": self.protocol, **asdict(self.comparison), "ece": self.ece, "brier": self.brier}


def prepare(texts: Sequence[LabelledPassage], vectors: VectorCache, *, published: Scorer) -> Material:
    """Return the material of texts. Raises: LabelsFileError for none."""
    if not texts:
        raise LabelsFileError("the files hold no labelled text")
    passages = [text.passage for text in texts]
    return Material(
        rows=TrainingSet(
            features=to_features(passages, vectors),
            labels=np.array([CLASSES.index(text.label) for text in texts]),
            groups=[text.group for text in texts],
        ),
        published=np.array(answers_of(published, passages)),
        dates=tuple(text.date for text in texts),
        languages=_learnt([passage.language for passage in passages]),
    )


def _learnt(languages: Sequence[str]) -> tuple[str, ...]:
    """Return the languages with enough texts to learn from; the commonest where none has."""
    counts = Counter(language for language in languages if language != UNDETERMINED)
    enough = [language for language, count in counts.items() if count >= MIN_OF_A_LANGUAGE]
    return tuple(sorted(enough or [language for language, _ in counts.most_common(1)]))


def answers_of(scorer: Scorer, passages: Sequence[Passage]) -> list[int]:
    """Return a scorer's labels as indices of CLASSES; NO_LABEL in a language that it does not support."""
    supported = [passage for passage in passages if passage.language in scorer.languages]
    labels = iter(polarity.label for polarity in scorer.score(supported))
    answers = (next(labels) if passage.language in scorer.languages else "" for passage in passages)
    return [CLASSES.index(label) if label in CLASSES else NO_LABEL for label in answers]


def check_trainable(material: Material) -> None:
    """Raise LabelsFileError where a label has too few texts."""
    counts = {label: int((material.rows.labels == at).sum()) for at, label in enumerate(CLASSES)}
    if min(counts.values()) < MIN_OF_A_LABEL:
        given = ", ".join(f"{count} {label}" for label, count in counts.items())
        raise LabelsFileError(
            f"at least {MIN_OF_A_LABEL} texts of each label are needed; the files have {given}"
        )


def try_folds(material: Material) -> Trial:
    """Return the figures of grouped cross-validation: each text is scored by a model that saw none of its group."""
    folds = folds_of(material.rows.groups, "trial")
    decisions = np.zeros((len(folds), len(CLASSES)))
    shares = np.zeros_like(decisions)
    for fold in range(N_FOLDS):
        if (folds == fold).any():
            model = fit(_select(material, folds != fold))
            decisions[folds == fold] = model.to_decisions(material.rows.features[folds == fold])
            shares[folds == fold] = model.to_probabilities(decisions[folds == fold])
    return _to_trial(_FOLDS, material, decisions, shares)


def try_newest(material: Material) -> Trial | None:
    """Return the figures on the newest third of a model of the older texts; None where not every text has a date.

    A group is older or newer as a whole, by its first date.
    """
    if not all(material.dates):
        return None
    first: dict[str, str] = {}
    for group, date in zip(material.rows.groups, material.dates, strict=True):
        first[group] = min(date, first.get(group, date))
    dates = np.array([first[group] for group in material.rows.groups])
    cut = np.sort(dates)[int(len(dates) * OLDER_SHARE)]
    is_newer = dates >= cut
    if is_newer.all():
        return None
    return score_apart(_NEWEST, fit(_select(material, ~is_newer)), _select(material, is_newer))


def score_apart(protocol: str, model: SentimentModel, material: Material) -> Trial:
    """Return the figures of a model on texts that it has not seen."""
    decisions = model.to_decisions(material.rows.features)
    return _to_trial(protocol, material, decisions, model.to_probabilities(decisions))


def without_seen(material: Material, seen: Material) -> Material:
    """Return the texts that are in no group of the others."""
    groups = set(seen.rows.groups)
    return _select(material, np.array([group not in groups for group in material.rows.groups]))


def to_verdict(trial: Trial, *, model: str, published: str) -> str:
    """Return what the figures of a trial say, in one sentence."""
    figures = trial.comparison
    lower, upper = figures.difference_interval
    facts = (
        f"macro-F1 {figures.macro_f1:.3f} against {figures.published_macro_f1:.3f} of {published} on {figures.n} texts "
        f"({trial.protocol}), {figures.difference:+.3f} [{lower:+.3f}, {upper:+.3f}], p = {figures.p_value:.2g}"
    )
    if figures.n_groups < MIN_GROUPS_TO_COMPARE:
        return f"Too few texts to decide, {MIN_GROUPS_TO_COMPARE} are needed: {facts}."
    if figures.p_value < SIGNIFICANT:
        return f"{model} is better than what is published: {facts}."
    if figures.p_value > 1 - SIGNIFICANT:
        return f"{model} is worse than what is published: {facts}."
    return f"No difference between {model} and what is published is shown: {facts}."


def fit(material: Material) -> SentimentModel:
    """Return the model of all the material."""
    return fit_model(material.rows, material.languages)


def _select(material: Material, rows: npt.NDArray[np.bool_]) -> Material:
    return Material(
        rows=material.rows.select(rows),
        published=material.published[rows],
        dates=tuple(date for date, is_in in zip(material.dates, rows, strict=True) if is_in),
        languages=material.languages,
    )


def _to_trial(protocol: str, material: Material, decisions: Floats, shares: Floats) -> Trial:
    rows = material.rows
    comparison = compare(rows.labels, decisions.argmax(axis=1), material.published, rows.groups)
    return Trial(
        protocol=protocol,
        comparison=comparison,
        ece=calibration_error(shares, rows.labels),
        brier=brier_score(shares, rows.labels),
    )
