"""Encoder: the vector of a text, by onnxruntime on one thread, one text at a time."""

import numpy as np
import onnxruntime

from streaming.analysis.sentiment.semantic.graph import INPUT, OUTPUT, to_graph
from streaming.analysis.sentiment.semantic.packed_model import BLOCK_WEIGHTS, Floats, PackedModel, unpack
from streaming.analysis.sentiment.semantic.tokenizer import Tokenizer


class Encoder:
    """Encoder of a packed model. The same text gives the same vector, whatever is encoded beside it.

    Rows of the word embeddings are unpacked as they are used: 54 MB of the file instead of 384 MB of memory.
    """

    def __init__(self, model: PackedModel) -> None:
        sizes = model.dimensions
        self.width = sizes.width
        self._tokenizer = Tokenizer(model.vocabulary, max_tokens=sizes.max_tokens)
        self._words = model.tensors["emb.word"].reshape(sizes.n_tokens, sizes.width // BLOCK_WEIGHTS)
        self._places = (
            model.dense("emb.pos").reshape(-1, sizes.width) + model.dense("emb.type")[: sizes.width]
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            to_graph(model), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, text: str) -> Floats:
        """Return the vector of a text, of length one and of the encoder's width."""
        tokens = self._tokenizer.to_tokens(text)
        embedded = unpack(self._words[tokens]) + self._places[: len(tokens)]
        (vector,) = self._session.run([OUTPUT], {INPUT: embedded})
        return np.asarray(vector, dtype=np.float32)
