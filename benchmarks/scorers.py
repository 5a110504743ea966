"""Scorers of sentiment on one core beside the bare loops that they are made of, and the memory that they take."""

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from streaming.analysis.sentiment.evaluation.headlines import read_passages
from streaming.analysis.sentiment.scorer import Passage
from streaming.analysis.sentiment.scorers import lexicon_scorer
from streaming.analysis.sentiment.semantic.features import to_text
from streaming.analysis.sentiment.semantic.loading import EncoderSettings, load_encoder
from streaming.analysis.sentiment.semantic.own_model import read_own_model
from streaming.analysis.sentiment.semantic.semantic_scorer import SemanticScorer
from streaming.analysis.sentiment.semantic.vector_cache import VectorCache

N_ROUNDS = 5
_SPLITS = ("training", "tuning", "held_out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Passages a second of a path and of the bare loop that it is measured against."""

    path: str
    of_path: float
    bare: str
    of_bare: float

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.of_path:10,.0f} passages/s; {self.bare}: {self.of_bare:10,.0f} /s; "
            f"the path takes {self.of_bare / self.of_path:.2f} times as long"
        )


def report_scorers(n_passages: int) -> None:
    """Print the rates of the lexicon's and of the semantic path, and the peak memory before and after the encoder."""
    passages = own_passages(n_passages)
    print(lexicon_rate(passages))
    before = peak_bytes()
    print(semantic_rate(passages))
    print(
        f"peak memory of this process: {before / 1e6:,.0f} MB, with the encoder {peak_bytes() / 1e6:,.0f} MB"
    )


def own_passages(n_passages: int) -> list[Passage]:
    """Return passages of this project's headlines, at most so many, each once."""
    rows = [
        row.passage
        for language in ("en", "fr")
        for split in _SPLITS
        for row in read_passages(split, language)
    ]
    return list(dict.fromkeys(rows))[:n_passages]


def lexicon_rate(passages: Sequence[Passage]) -> Rate:
    """Return the rate of `vader-crypto` beside that of stock VADER, which has neither idioms nor terms nor French."""
    scorer, stock = lexicon_scorer(), SentimentIntensityAnalyzer()
    texts = [passage.text for passage in passages]
    return Rate(
        path="vader-crypto",
        of_path=len(passages) / best_seconds(lambda: scorer.score(passages)),
        bare="stock VADER",
        of_bare=len(passages) / best_seconds(lambda: [stock.polarity_scores(text) for text in texts]),
    )


def semantic_rate(passages: Sequence[Passage]) -> Rate:
    """Return the rate of `e5-logistic` on texts that it has never seen beside that of its encoder alone.

    Raises: EncoderError where the extra is not installed.
    """
    encoder, model = load_encoder(EncoderSettings()), read_own_model()
    texts = list(dict.fromkeys(map(to_text, passages)))

    def score_anew() -> object:
        with TemporaryDirectory() as folder:
            vectors = VectorCache(encoder.encode, path=Path(folder) / "vectors", width=encoder.width)
            return SemanticScorer(model, vectors).score(passages)

    return Rate(
        path="e5-logistic, no text cached",
        of_path=len(passages) / best_seconds(score_anew),
        bare="its encoder, each text once",
        of_bare=len(passages) / best_seconds(lambda: [encoder.encode(text) for text in texts]),
    )


def best_seconds(work: Callable[[], object]) -> float:
    """Return the least CPU time of N_ROUNDS: other processes only ever add to it."""
    seconds = []
    for _ in range(N_ROUNDS):
        begin = time.process_time()
        work()
        seconds.append(time.process_time() - begin)
    return min(seconds)


def peak_bytes() -> int:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
