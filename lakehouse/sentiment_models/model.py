"""Trained sentiment model as a document: a linear model on the vectors of passages, in plain numbers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from lakehouse.errors import SentimentModelError

Floats = npt.NDArray[np.float64]
CLASSES = ("negative", "neutral", "positive")
N_FEATURES = 384
_DIGEST_CHARACTERS = 8
_MAX_WEIGHT = 1e6


class _Document(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    recipe: int
    encoder: str
    languages: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]
    intercepts: tuple[float, ...]
    temperature: float
    shifts: tuple[float, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class SentimentModel:
    """Class-balanced logistic regression with calibrated probabilities.

    ``weights`` are (classes, features). ``recipe`` says how a passage becomes the encoder's input, ``encoder`` is the
    SHA-256 of the encoder's model file.
    """

    recipe: int
    encoder: str
    languages: tuple[str, ...]
    weights: Floats
    intercepts: Floats
    temperature: float
    shifts: Floats

    @staticmethod
    def parse(content: Any) -> "SentimentModel":
        """Return the model of a decoded JSON object. Raises: SentimentModelError."""
        try:
            document = msgspec.convert(content, _Document)
        except msgspec.ValidationError as error:
            raise SentimentModelError(f"it is no model: {error}") from error
        sizes = (len(document.intercepts), len(document.shifts), len(document.weights))
        if sizes != (len(CLASSES),) * 3 or any(len(row) != N_FEATURES for row in document.weights):
            raise SentimentModelError(
                f"weights of {len(CLASSES)} classes and {N_FEATURES} features are expected"
            )
        numbers = [
            *document.intercepts,
            *document.shifts,
            *(each for row in document.weights for each in row),
        ]
        if not all(isfinite(each) and abs(each) <= _MAX_WEIGHT for each in numbers):
            raise SentimentModelError(f"weights are finite and at most {_MAX_WEIGHT:g} in size")
        if not 1 / _MAX_WEIGHT <= document.temperature <= _MAX_WEIGHT:
            raise SentimentModelError(f"temperature is {document.temperature}, a positive number is expected")
        return SentimentModel(
            recipe=document.recipe,
            encoder=document.encoder,
            languages=document.languages,
            weights=np.array(document.weights),
            intercepts=np.array(document.intercepts),
            temperature=document.temperature,
            shifts=np.array(document.shifts),
        )

    def to_json(self) -> Mapping[str, Any]:
        """Return the document, which `parse` reads."""
        return {
            "recipe": self.recipe,
            "encoder": self.encoder,
            "languages": list(self.languages),
            "weights": self.weights.tolist(),
            "intercepts": self.intercepts.tolist(),
            "temperature": self.temperature,
            "shifts": self.shifts.tolist(),
        }

    @cached_property
    def digest(self) -> str:
        """Hash of all that a polarity depends on."""
        return hashlib.sha256(msgspec.json.encode(self.to_json(), order="sorted")).hexdigest()[
            :_DIGEST_CHARACTERS
        ]

    def to_decisions(self, features: Floats) -> Floats:
        """Return (rows, classes) of decision values; the label has the highest.

        They are trained as if the three labels were equally frequent, so that rare ones are found. A row's values do
        not depend on the others: a matrix product would add in another order in another batch.
        """
        decisions: Floats = (features[:, np.newaxis, :] * self.weights).sum(axis=-1) + self.intercepts
        return decisions

    def to_probabilities(self, decisions: Floats) -> Floats:
        """Return (rows, classes) of calibrated probabilities, with the labels' own frequencies.

        Source: Guo et al., "On Calibration of Modern Neural Networks" (2017), temperature with a shift for each class.
        """
        return softmax(decisions / self.temperature + self.shifts)


def read_model(path: Path) -> SentimentModel:
    """Return the model of a file that `train --out` wrote. Raises: SentimentModelError."""
    try:
        document = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError) as error:
        raise SentimentModelError(f"{path}: {error}") from error
    return SentimentModel.parse(document.get("model"))


def softmax(values: Floats) -> Floats:
    """Return the softmax of each row."""
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares
