"""Which scorers score a text: those that were asked for, else what the lake publishes at its broker time."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from lakehouse.errors import SentimentModelError
from lakehouse.sentiment_models.model import SentimentModel
from lakehouse.sentiment_models.versions import DEFAULT, ModelHistory
from streaming.analysis.sentiment.abstaining import AbstainingScorer
from streaming.analysis.sentiment.scorer import Scorer
from streaming.analysis.sentiment.scorers import lexicon_scorer, scorer_named, trained_scorer
from streaming.analysis.sentiment.semantic.loading import EncoderSettings
from streaming.errors import EncoderError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerSettings:
    """What an operator says: scorers by ``names`` (none: what the lake publishes), and when they abstain."""

    names: tuple[str, ...] = ()
    unsure_below: float = 0.0
    encoder: EncoderSettings = field(default_factory=EncoderSettings)


def published_scorers(
    settings: ScorerSettings, history: ModelHistory, *, time_us: int, language: str
) -> tuple[Scorer, ...]:
    """Return the scorers that publish the results of a text, by its broker time and its language.

    The lexicon scores in place of a model that cannot run, and in the languages that a published model has not learnt.
    """
    if settings.names:
        scorers = [_named(name, settings.encoder) for name in settings.names]
    else:
        number = history.published_at(time_us)
        published = (
            lexicon_scorer() if number == DEFAULT else _trained(history.models[number], settings.encoder)
        )
        scorers = [published if language in published.languages else lexicon_scorer()]
    return _abstaining(tuple(dict.fromkeys(scorers)), settings.unsure_below)


def shadow_scorer(settings: ScorerSettings, history: ModelHistory, time_us: int) -> Scorer | None:
    """Return the scorer that runs in the shadow at a broker time, or None. It abstains as if it were published.

    Raises: EncoderError.
    """
    number = history.shadow_at(time_us)
    if number == DEFAULT:
        return None
    (scorer,) = _abstaining((_shadow(history.models[number], settings.encoder),), settings.unsure_below)
    return scorer


@cache
def _abstaining(scorers: tuple[Scorer, ...], below: float) -> tuple[Scorer, ...]:
    return tuple(AbstainingScorer(scorer, below) if below > 0 else scorer for scorer in scorers)


@cache
def _named(name: str, encoder: EncoderSettings) -> Scorer:
    return _or_lexicon(lambda: scorer_named(name, encoder), name)


@cache
def _shadow(model: SentimentModel, encoder: EncoderSettings) -> Scorer:
    return trained_scorer(model, encoder)


@cache
def _trained(model: SentimentModel, encoder: EncoderSettings) -> Scorer:
    return _or_lexicon(lambda: trained_scorer(model, encoder), f"model {model.digest}")


def _or_lexicon(build: Callable[[], Scorer], what: str) -> Scorer:
    try:
        return build()
    except (EncoderError, SentimentModelError) as error:
        logger.error("%s cannot run, %s scores in its place: %s", what, lexicon_scorer().model, error)
        return lexicon_scorer()
