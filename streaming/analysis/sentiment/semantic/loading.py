"""Loading of the encoder: model file, libraries and cache of vectors, once in a process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from streaming.analysis.sentiment.semantic.model_file import HOW_TO_GET, find_model_file, map_model_file
from streaming.analysis.sentiment.semantic.packed_model import read_packed_model
from streaming.analysis.sentiment.semantic.vector_cache import VectorCache
from streaming.errors import EncoderError

if TYPE_CHECKING:
    from lakehouse.process.settings import Settings
    from streaming.analysis.sentiment.semantic.encoder import Encoder

_CACHE_FILE = "e5-small-q4.sqlite3"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSettings:
    """Where the model file is (empty: in the installed distribution), and where vectors are cached (None: nowhere)."""

    model_file: str = ""
    cache_dir: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> EncoderSettings:
        """Return those of a program's settings."""
        return cls(model_file=settings.e5_model_file, cache_dir=settings.vectors_dir.absolute())


def check_installed(settings: EncoderSettings) -> None:
    """Raise EncoderError, which names the extra, unless the libraries and a model file are there."""
    for library in ("onnx", "onnxruntime"):
        if find_spec(library) is None:
            raise EncoderError(f"{library} is not installed: {HOW_TO_GET}")
    find_model_file(settings.model_file)


@cache
def load_vectors(settings: EncoderSettings) -> VectorCache:
    """Return the encoder behind its cache, once in a process. Raises what `load_encoder` raises."""
    encoder = load_encoder(settings)
    path = settings.cache_dir and settings.cache_dir / _CACHE_FILE
    return VectorCache(encoder.encode, path=path, width=encoder.width)


def load_encoder(settings: EncoderSettings) -> Encoder:
    """Return the encoder. Takes about two seconds and 150 MB.

    Raises: EncoderError, one sentence that names the file and its digest, or the extra to install.
    """
    content = map_model_file(find_model_file(settings.model_file))
    try:
        from streaming.analysis.sentiment.semantic.encoder import Encoder
    except ImportError as error:
        raise EncoderError(f"{error.name} is not installed: {HOW_TO_GET}") from error
    return Encoder(read_packed_model(content))
