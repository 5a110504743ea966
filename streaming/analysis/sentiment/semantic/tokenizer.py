"""Unigram tokenizer: the most probable pieces of each word of a text."""

import re

from cachetools import LRUCache

from streaming.analysis.sentiment.semantic.packed_model import Vocabulary

_WORD_BEGIN = "\u2581"
_SPACES = re.compile(" {2,}")
_UNKNOWN_PENALTY = 10.0  # Source: SentencePiece, kUnkPenalty
# More than 512 tokens of any text need, but for runs of one character; what is beyond is not read.
_MAX_CHARACTERS = 2_000
_CACHED_WORDS = 20_000


class Tokenizer:
    """Tokenizer of a vocabulary, of whose pieces none reaches beyond a word. The same text gives the same tokens."""

    def __init__(self, vocabulary: Vocabulary, *, max_tokens: int) -> None:
        self._vocabulary = vocabulary
        self._log_probabilities = vocabulary.log_probabilities.tolist()
        self._unknown_log_probability = min(self._log_probabilities) - _UNKNOWN_PENALTY
        self._longest = max(map(len, vocabulary.ids))
        self._max_content = max_tokens - 2
        self._words: LRUCache[str, list[int]] = LRUCache(_CACHED_WORDS)

    def to_tokens(self, text: str) -> list[int]:
        """Return the tokens of a text between begin and end, at most the encoder's maximum."""
        content: list[int] = []
        for word in self._to_words(text[:_MAX_CHARACTERS]):
            tokens = self._words.get(word)
            if tokens is None:
                tokens = self._words[word] = self._best_pieces(word)
            content += tokens
        return [self._vocabulary.begin, *content[: self._max_content], self._vocabulary.end]

    def _to_words(self, text: str) -> list[str]:
        """Return the words of the normalized text, each with its mark; a text that ends in a space ends in a mark."""
        plain = _SPACES.sub(" ", text.translate(self._vocabulary.replacements)).removeprefix(" ")
        return [_WORD_BEGIN + word for word in plain.split(" ")]

    def _best_pieces(self, word: str) -> list[int]:
        """Return the most probable pieces.

        Source: Kudo, "Subword Regularization" (2018), section 3.2: the Viterbi path.
        """
        ids, unknown = self._vocabulary.ids, self._vocabulary.unknown
        best, before = [0.0] + [float("-inf")] * len(word), [(0, unknown)] * (len(word) + 1)
        for start in range(len(word)):
            for stop in range(start + 1, min(start + self._longest, len(word)) + 1):
                token = ids.get(word[start:stop], unknown)
                if token == unknown and stop > start + 1:
                    continue
                known = token != unknown
                gain = self._log_probabilities[token] if known else self._unknown_log_probability
                if best[start] + gain > best[stop]:
                    best[stop], before[stop] = best[start] + gain, (start, token)
        tokens, at = [], len(word)
        while at > 0:
            at, token = before[at]
            tokens.append(token)
        return tokens[::-1]
