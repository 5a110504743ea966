"""Features of passages: which text the encoder reads, and that the shipped model is one of this recipe."""

import numpy as np
import pytest

from streaming.analysis.sentiment.mentions import find_mentions
from streaming.analysis.sentiment.scorer import Passage
from streaming.analysis.sentiment.semantic.features import RECIPE, to_features, to_text
from streaming.analysis.sentiment.semantic.own_model import read_own_model
from streaming.analysis.sentiment.semantic.vector_cache import VectorCache


@pytest.mark.parametrize(
    ("title", "symbol", "text"),
    [
        ("Bitcoin surges", "btc", "passage: the coin surges"),
        ("Solana overtakes Ethereum in fees", "sol", "passage: the coin overtakes another coin in fees"),
        ("Solana overtakes Ethereum in fees", "eth", "passage: another coin overtakes the coin in fees"),
        ("Le Bitcoin s’envole", "btc", "passage: Le the coin s’envole"),
        ("NFT sales collapse", "market", "passage: the coin sales collapse"),
        ("Crypto funds buy Solana", "sol", "passage: Crypto funds buy the coin"),
    ],
)
def test_encoder_reads_words_in_place_of_names(title: str, symbol: str, text: str) -> None:
    passages = {mention.symbol: mention.passage for mention in find_mentions(title)}

    assert to_text(Passage(passages[symbol], "en")) == text


def test_passages_have_the_vectors_of_their_texts_in_order() -> None:
    read: list[str] = []

    def encode(text: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        read.append(text)
        return np.full(4, len(text), dtype=np.float32)

    features = to_features(
        [Passage("theasset falls", "en"), Passage("", "fr")], VectorCache(encode, path=None, width=4)
    )

    assert read == ["passage: the coin falls", "passage: "]
    assert features.tolist() == [[23.0] * 4, [9.0] * 4]


def test_shipped_model_is_of_this_recipe() -> None:
    assert read_own_model().recipe == RECIPE == 2
