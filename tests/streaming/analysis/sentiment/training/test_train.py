"""Training: figures on unseen texts, the same each time, and a verdict that follows from them."""

import csv
import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import f1_score

from lakehouse.sentiment_models.model import CLASSES
from streaming.analysis.sentiment.evaluation.calibration import brier_score, calibration_error
from streaming.analysis.sentiment.scorers import lexicon_scorer
from streaming.analysis.sentiment.semantic.vector_cache import VectorCache
from streaming.analysis.sentiment.training.figures import (
    compare,
    macro_f1,
)
from streaming.analysis.sentiment.training.fitting import TrainingSet, calibrate, fit_weights, folds_of
from streaming.analysis.sentiment.training.train import Scorers, Training, train
from streaming.errors import LabelsFileError

WORDS = {"positive": "zorba", "neutral": "quill", "negative": "mirk"}
"""Words that the lexicon does not know and that decide the labels."""


def bag_of_words(text: str) -> npt.NDArray[np.float32]:
    """Return a vector of length one that is the sum of fixed random vectors of its words."""
    seeds = (int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) for word in text.lower().split())
    vector = np.sum([np.random.default_rng(seed).normal(size=384) for seed in seeds], axis=0)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture
def scorers() -> Scorers:
    return Scorers(VectorCache(bag_of_words, path=None, width=384), lexicon_scorer())


def write_labels(
    path: Path,
    *,
    n: int,
    seed: int = 0,
    noise: float = 0.0,
    dated: bool = True,
    words: dict[str, str] = WORDS,
) -> Path:
    random = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label", "language", *(["date"] if dated else [])])
        for at in range(n):
            label = CLASSES[int(random.integers(3))]
            said = CLASSES[int(random.integers(3))] if random.random() < noise else label
            text = f"{words[said]} report {seed} number {at} by desk {int(random.integers(40))}"
            rows.writerow([text, label, "en", *([f"2026-{1 + at * 12 // n:02d}-15"] if dated else [])])
    return path


def trained(path: Path, scorers: Scorers, **more: list[Path]) -> Training:
    return train([path], scorers, **more)


def test_model_that_has_learnt_is_better_on_the_newest_third(tmp_path: Path, scorers: Scorers) -> None:
    training = trained(write_labels(tmp_path / "a.csv", n=360, noise=0.2), scorers)

    newest, folds = training.trials
    assert (newest.protocol, folds.protocol) == ("newest third", "grouped cross-validation")
    assert newest.comparison.n == 120
    assert newest.comparison.macro_f1 > 0.75
    assert newest.comparison.p_value < 0.01
    assert training.verdict.startswith(
        f"e5-logistic {training.model.digest} is better than what is published"
    )


def test_labels_without_meaning_give_no_better_model(tmp_path: Path, scorers: Scorers) -> None:
    training = trained(write_labels(tmp_path / "a.csv", n=360, noise=1.0), scorers)

    assert training.trials[0].comparison.macro_f1 < 0.5
    assert training.trials[0].ece < 0.25


def test_few_texts_decide_nothing(tmp_path: Path, scorers: Scorers) -> None:
    training = trained(write_labels(tmp_path / "a.csv", n=90), scorers)

    assert training.verdict.startswith("Too few texts to decide, 100 are needed")


def test_texts_without_dates_are_tried_by_cross_validation_alone(tmp_path: Path, scorers: Scorers) -> None:
    training = trained(write_labels(tmp_path / "a.csv", n=150, dated=False), scorers)

    assert [trial.protocol for trial in training.trials] == ["grouped cross-validation"]


def test_file_apart_decides_and_texts_of_both_files_are_left_out_of_it(
    tmp_path: Path, scorers: Scorers
) -> None:
    labels = write_labels(tmp_path / "a.csv", n=150)
    apart = write_labels(tmp_path / "b.csv", n=120, seed=1)
    with apart.open("a", encoding="utf-8") as file:
        file.writelines(labels.read_text(encoding="utf-8").splitlines(keepends=True)[1:31])

    training = train([labels], scorers, test=[apart])

    assert (training.trials[0].protocol, training.trials[0].comparison.n) == ("a file apart", 120)
    with pytest.raises(LabelsFileError, match="among the labels"):
        train([labels], scorers, test=[labels])


def test_training_again_gives_the_same_model_and_the_same_figures(tmp_path: Path, scorers: Scorers) -> None:
    path = write_labels(tmp_path / "a.csv", n=150, noise=0.3)

    first, again = trained(path, scorers), trained(path, scorers)

    assert first.model.digest == again.model.digest
    assert first.report == again.report


def test_label_with_too_few_texts_is_refused_with_the_counts(tmp_path: Path, scorers: Scorers) -> None:
    with pytest.raises(LabelsFileError, match="at least 15 texts of each label are needed; the files have"):
        trained(write_labels(tmp_path / "a.csv", n=20), scorers)


def test_language_of_few_texts_is_not_learnt(tmp_path: Path, scorers: Scorers) -> None:
    path = write_labels(tmp_path / "a.csv", n=150, dated=False)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"zorba en français numéro {at},positive,fr\n" for at in range(29))

    assert trained(path, scorers).model.languages == ("en",)


def test_all_rows_of_a_group_are_in_one_fold() -> None:
    groups = [f"group {at % 50}" for at in range(200)]
    folds = folds_of(groups, "trial")

    assert all(len(set(folds[np.array(groups) == group])) == 1 for group in set(groups))
    assert set(folds.tolist()) == set(range(5))


@pytest.mark.parametrize("present", [(0, 1, 2), (0, 2), (1,)])
def test_class_without_rows_is_never_decided(present: tuple[int, ...]) -> None:
    random = np.random.default_rng(3)
    labels = random.choice(present, size=60)
    features = np.eye(3)[labels] + random.normal(size=(60, 3)) * 0.01

    weights, intercepts = fit_weights(TrainingSet(features=features, labels=labels, groups=[""] * 60))

    decided = (features @ weights.T + intercepts).argmax(axis=1)
    assert set(decided.tolist()) == set(labels.tolist())


def test_calibration_finds_the_temperature_and_shifts_that_made_the_labels() -> None:
    random = np.random.default_rng(4)
    decisions = random.normal(size=(20_000, 3)) * 3
    shares = np.exp(decisions / 2 + np.array([0.5, 0, -0.5]))
    shares /= shares.sum(axis=1, keepdims=True)
    labels = (random.random((20_000, 1)) > shares.cumsum(axis=1)).sum(axis=1)

    temperature, shifts = calibrate(decisions, labels)

    assert temperature == pytest.approx(2, abs=0.2)
    assert shifts == pytest.approx([0.5, 0, -0.5], abs=0.1)


def test_figures_are_those_of_the_reference() -> None:
    random = np.random.default_rng(6)
    labels, predicted = random.integers(3, size=300), random.integers(3, size=300)

    assert macro_f1(labels, predicted) == pytest.approx(f1_score(labels, predicted, average="macro"))


def test_same_answers_show_no_difference_and_better_ones_do() -> None:
    random = np.random.default_rng(7)
    labels = random.integers(3, size=300)
    half_right = np.where(random.random(300) < 0.5, labels, (labels + 1) % 3)
    groups = [str(at) for at in range(300)]

    same = compare(labels, half_right, half_right, groups)
    better = compare(labels, labels, half_right, groups)
    worse = compare(labels, half_right, labels, groups)

    assert (same.difference, same.difference_interval, same.p_value) == (0, (0, 0), 1)
    assert better.p_value == pytest.approx(1 / 10_001)
    assert worse.p_value == 1
    assert better.difference == pytest.approx(-worse.difference)


def test_copies_in_a_group_widen_the_interval() -> None:
    random = np.random.default_rng(8)
    labels, predicted = random.integers(3, size=100), random.integers(3, size=100)
    alone = compare(labels, predicted, labels, [str(at) for at in range(100)])
    copied = compare(
        labels.repeat(4), predicted.repeat(4), labels.repeat(4), [str(at // 4) for at in range(400)]
    )

    assert copied.macro_f1_interval == alone.macro_f1_interval
    assert (copied.n, copied.n_groups) == (400, 100)


def test_calibration_figures_of_known_shares() -> None:
    labels = np.array([0, 0, 0, 1])
    shares = np.tile([0.75, 0.25, 0.0], (4, 1))

    assert calibration_error(shares, labels) == pytest.approx(0)
    assert brier_score(shares, labels) == pytest.approx((3 * 0.125 + 0.75**2 * 2) / 4)
