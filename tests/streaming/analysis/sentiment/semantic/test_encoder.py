"""Encoder: tokens as the reference tokenizer gives them, vectors as the layers written in NumPy give them."""

import hashlib
import re
import sqlite3
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf
from tokenizers import Tokenizer as ReferenceTokenizer
from tokenizers.models import Unigram
from tokenizers.pre_tokenizers import Metaspace

from streaming.analysis.sentiment.semantic.encoder import Encoder
from streaming.analysis.sentiment.semantic.loading import EncoderSettings, load_vectors
from streaming.analysis.sentiment.semantic.model_file import DIGEST, find_model_file, map_model_file
from streaming.analysis.sentiment.semantic.packed_model import PackedModel, read_packed_model, unpack
from streaming.analysis.sentiment.semantic.tokenizer import Tokenizer
from streaming.analysis.sentiment.semantic.vector_cache import VectorCache
from streaming.errors import EncoderError

pytestmark = pytest.mark.heavy

Floats = npt.NDArray[np.float32]
TITLES = (
    "Bitcoin plunges 8% in an hour, dragging everything with it",
    "L’Éther s’envole après l’accord sur les ETF",
    "ビットコインが急落",
    "🚀🚀 BTC to the moon",
    "ＦＵＬＬ ｗｉｄｔｈ ①",
    "",
)


@cache
def packed() -> PackedModel:
    return read_packed_model(map_model_file(find_model_file()))


@cache
def tokenizer() -> Tokenizer:
    return Tokenizer(packed().vocabulary, max_tokens=512)


@cache
def encoder() -> Encoder:
    return Encoder(packed())


@cache
def reference_tokenizer() -> ReferenceTokenizer:
    vocabulary = packed().vocabulary
    pieces = list(zip(vocabulary.ids, vocabulary.log_probabilities.tolist(), strict=True))
    reference = ReferenceTokenizer(Unigram(pieces, vocabulary.unknown, byte_fallback=False))
    reference.pre_tokenizer = Metaspace(replacement="▁", prepend_scheme="always", split=True)
    return reference


def reference_tokens(text: str) -> list[int]:
    normalized = re.sub(" {2,}", " ", text.translate(packed().vocabulary.replacements))
    return [int(token) for token in reference_tokenizer().encode(normalized, add_special_tokens=False).ids]


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60))
@settings(deadline=None)
def test_tokens_of_any_text_are_as_probable_as_the_reference_ones(text: str) -> None:
    tokens = tokenizer().to_tokens(text)[1:-1]
    log_probabilities = packed().vocabulary.log_probabilities

    def score(ids: list[int]) -> float:
        return float(sum(log_probabilities[each] for each in ids if each != packed().vocabulary.unknown))

    reference = reference_tokens(text)
    if packed().vocabulary.unknown not in reference:
        assert score(tokens) == pytest.approx(score(reference), abs=1e-3)


@pytest.mark.parametrize("title", [title for title in TITLES if title])
def test_tokens_of_a_title_are_those_of_the_reference_tokenizer(title: str) -> None:
    assert tokenizer().to_tokens(title)[1:-1] == reference_tokens(title)


def vector_in_numpy(text: str) -> Floats:
    """Return the vector by the layers of BERT, written out.

    Source: Devlin et al. (2019); post-normalization, exact GELU.
    """
    model, sizes = packed(), packed().dimensions
    tokens = tokenizer().to_tokens(text)
    words = unpack(model.tensors["emb.word"].reshape(sizes.n_tokens, -1)[tokens])
    places = model.dense("emb.pos").reshape(-1, sizes.width)[: len(tokens)]
    hidden = _normalized(words + places + model.dense("emb.type")[: sizes.width], "emb.ln")
    size = sizes.width // sizes.n_heads
    for layer in range(sizes.n_layers):
        name = f"l{layer}"
        heads = [
            _dense(hidden, f"{name}.{part}").reshape(-1, sizes.n_heads, size).swapaxes(0, 1) for part in "qkv"
        ]
        weights = np.exp(heads[0] @ heads[1].swapaxes(1, 2) / np.sqrt(size))
        weights /= weights.sum(axis=-1, keepdims=True)
        attended = (weights @ heads[2]).swapaxes(0, 1).reshape(-1, sizes.width)
        hidden = _normalized(hidden + _dense(attended, f"{name}.ao"), f"{name}.aln")
        inner = _dense(hidden, f"{name}.fi")
        inner = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))
        hidden = _normalized(hidden + _dense(inner, f"{name}.fo"), f"{name}.oln")
    mean = hidden.mean(axis=0)
    vector: Floats = mean / np.linalg.norm(mean)
    return vector


def _dense(hidden: Floats, name: str) -> Floats:
    result: Floats = hidden @ packed().dense(f"{name}.w").reshape(-1, hidden.shape[1]).T + packed().dense(
        f"{name}.b"
    )
    return result


def _normalized(hidden: Floats, name: str) -> Floats:
    centred = hidden - hidden.mean(axis=-1, keepdims=True)
    scale = np.sqrt(centred.var(axis=-1, keepdims=True) + packed().dimensions.epsilon)
    result: Floats = centred / scale * packed().dense(f"{name}.w") + packed().dense(f"{name}.b")
    return result


@pytest.mark.parametrize("title", TITLES)
def test_vector_is_that_of_the_layers_written_in_numpy(title: str) -> None:
    vector = encoder().encode(title)

    assert vector.shape == (384,)
    assert float(vector @ vector_in_numpy(title)) == pytest.approx(1, abs=1e-5)


def test_texts_of_like_meaning_are_nearer_than_others_across_languages() -> None:
    query, like, other = (
        encoder().encode(f"query: {text}")
        for text in ("Bitcoin crashes", "Le Bitcoin s’effondre", "A recipe for onion soup")
    )

    assert query @ like > query @ other + 0.05


@pytest.mark.parametrize(
    "text", ["", " ", "\x00\ufffe", "😀" * 5_000, "x" * 1_000_000, "क" * 3_000, "\ud800"]
)
def test_any_text_has_a_vector_of_length_one(text: str) -> None:
    assert float(np.linalg.norm(encoder().encode(text))) == pytest.approx(1, abs=1e-5)
    assert len(tokenizer().to_tokens(text)) <= 512


def test_vector_does_not_depend_on_what_is_encoded_before() -> None:
    first = [encoder().encode(title) for title in TITLES]
    again = [encoder().encode(title) for title in reversed(TITLES)]

    assert all(np.array_equal(one, other) for one, other in zip(first, reversed(again), strict=True))


def test_missing_file_is_one_sentence_with_file_and_digest(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=rf"absent\.bin \(sha256 {DIGEST}\) cannot be read: No such file"):
        map_model_file(tmp_path / "absent.bin")


@pytest.mark.parametrize("content", [b"", b"E5S1", b"x" * 1_000])
def test_damaged_file_is_one_sentence_with_file_and_both_digests(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "e5-small-q4.bin"
    path.write_bytes(content)

    with pytest.raises(EncoderError) as raised:
        load_vectors(EncoderSettings(model_file=str(path)))

    message = str(raised.value)
    assert message.startswith(f"{path} is damaged or another file: its sha256 is ")
    assert hashlib.sha256(content).hexdigest() in message
    assert DIGEST in message


class CountingEncoder:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str) -> Floats:
        self.texts.append(text)
        return np.full(384, len(text), dtype=np.float32) / 3


def test_repeated_text_is_encoded_once_also_by_the_next_process(tmp_path: Path) -> None:
    first, second = CountingEncoder(), CountingEncoder()
    path = tmp_path / "cache" / "vectors.sqlite3"

    cache = VectorCache(first, path=path, width=384)
    vectors = [cache.get("a"), cache.get("a"), VectorCache(second, path=path, width=384).get("a")]

    assert (first.texts, second.texts) == (["a"], [])
    assert all(np.array_equal(vector, vectors[0]) for vector in vectors)


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 100])
def test_damaged_cache_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "vectors.sqlite3"
    path.write_bytes(damage)
    encode = CountingEncoder()

    VectorCache(encode, path=path, width=384).get("a")
    VectorCache(encode, path=path, width=384).get("a")

    assert encode.texts == ["a"]


def test_vector_of_a_wrong_size_in_the_cache_is_encoded_again(tmp_path: Path) -> None:
    path = tmp_path / "vectors.sqlite3"
    VectorCache(CountingEncoder(), path=path, width=384).get("a")
    with sqlite3.connect(path) as file:
        file.execute("UPDATE vectors SET vector = ?", (b"short",))

    assert len(VectorCache(CountingEncoder(), path=path, width=384).get("a")) == 384


def test_cache_that_cannot_be_written_costs_only_the_repeats(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    encode = CountingEncoder()

    VectorCache(encode, path=tmp_path / "file" / "vectors.sqlite3", width=384).get("a")

    assert encode.texts == ["a"]
    assert caplog.text.count("cached in memory alone") == 1
