"""Training of the shipped model from this project's own headlines.

python -m streaming.analysis.sentiment.training.own_model    # writes semantic/own_model.json
"""

import json
import os
import sys
from collections.abc import Sequence

import numpy as np

from lakehouse.process.commands import EXIT_DONE, run, single_command
from lakehouse.process.settings import Settings
from lakehouse.sentiment_models.model import CLASSES, SentimentModel
from streaming.analysis.sentiment.evaluation.headlines import LabelledPassage, read_passages
from streaming.analysis.sentiment.semantic.features import RECIPE, to_features
from streaming.analysis.sentiment.semantic.loading import EncoderSettings, load_vectors
from streaming.analysis.sentiment.semantic.model_file import DIGEST
from streaming.analysis.sentiment.semantic.own_model import FILE
from streaming.analysis.sentiment.semantic.vector_cache import VectorCache
from streaming.analysis.sentiment.training.fitting import TrainingSet, calibrate, fit_weights

LANGUAGES = ("en", "fr")


def main(arguments: Sequence[str] | None = None) -> int:
    return run(app, arguments, prog="python -m streaming.analysis.sentiment.training.own_model")


def write() -> int:
    settings = Settings.from_environ(os.environ)
    vectors = load_vectors(EncoderSettings.of(settings))
    model = train_own_model(vectors)
    document = {"digest": model.digest, "model": model.to_json()}
    FILE.write_text(f"{json.dumps(document, separators=(',', ':'))}\n", encoding="utf-8")
    print(f"{FILE} digest={model.digest}")
    return EXIT_DONE


def train_own_model(vectors: VectorCache) -> SentimentModel:
    """Return the model of the training headlines, calibrated on the tuning headlines, which it has not seen.

    Calibrated on folds of the training headlines it is overconfident on real titles: an expected calibration error of
    0.098 instead of 0.047.
    """
    weights, intercepts = fit_weights(_read("training", vectors))
    kept = _read("tuning", vectors)
    temperature, shifts = calibrate(kept.features @ weights.T + intercepts, kept.labels)
    return SentimentModel(
        recipe=RECIPE,
        encoder=DIGEST,
        languages=LANGUAGES,
        weights=weights,
        intercepts=intercepts,
        temperature=temperature,
        shifts=shifts,
    )


def _read(split: str, vectors: VectorCache) -> TrainingSet:
    rows: list[LabelledPassage] = [row for language in LANGUAGES for row in read_passages(split, language)]
    return TrainingSet(
        features=to_features([row.passage for row in rows], vectors),
        labels=np.array([CLASSES.index(row.label) for row in rows]),
        groups=[row.title for row in rows],
    )


app = single_command(write, description="Train the shipped model of e5-logistic and write its document.")

if __name__ == "__main__":
    sys.exit(main())
