"""Results of texts: one message for each mentioned asset and each scorer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.aliases.versions import SEED_ALONE, AliasHistory, AliasVersion
from lakehouse.messages.contract import ANALYZED_SENTIMENT, RAW_NEWS, UNSCORED
from streaming.analysis.sentiment.languages import language_of
from streaming.analysis.sentiment.mentions import Mention, find_mentions
from streaming.analysis.sentiment.scorer import Passage, Polarity, Scorer
from streaming.analysis.sentiment.vocabulary import vocabulary_of
from streaming.analysis.validated import reader_of
from streaming.boilerplate import without_boilerplate
from streaming.kafka.messages import to_rfc3339, to_value

_MAX_TERMS = 100
_PRECISION = "microseconds"
_COLUMNS = (
    "message_id",
    "origin",
    "event_time",
    "collected_time",
    "source",
    "title",
    "summary",
    "url",
    "language",
)
_read_columns = reader_of(RAW_NEWS.topic, *_COLUMNS)

Record = tuple[bytes | None, bytes | None, int]
"""(key, value, broker time in epoch microseconds)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A valid text with its language and its mentions, detected by the ``aliases`` of that fingerprint."""

    broker_time_us: int
    message_id: str
    origin: str
    event_time_us: int
    collected_time_us: int
    source: str
    title: str
    url: str | None
    language: str
    mentions: tuple[Mention, ...]
    aliases: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A message of analyzed-sentiment; ``aliases`` is the fingerprint of those that detected its asset."""

    key: bytes
    value: bytes
    label: str
    aliases: str


def read_texts(records: Iterable[Record], aliases: AliasHistory = SEED_ALONE) -> Iterator[Text]:
    """Yield the valid texts of raw-news records, by the aliases of their broker time.

    The others are dropped: ingestion validates the same records and quarantines them.
    """
    for record in records:
        columns = _read_columns(*record)
        if columns is not None:
            yield to_text(dict(zip(_COLUMNS, columns, strict=True)), record[2], aliases.at(record[2]))


def to_results(texts: Sequence[Text], scorers: Sequence[Scorer], *, analyzed_time_us: int) -> list[Result]:
    """Return the results, ordered by text, then asset, then scorer.

    A text's results depend on the text, its aliases, the scorers and their versions alone, but for ``analyzed_time``.
    Their ids do not depend on aliases, so that a text counts once for an asset. A scorer that does not support the
    text's language gives the label `unscored` and no score.
    """
    polarities = [polarities_of(texts, scorer) for scorer in scorers]
    analyzed_time = to_rfc3339(analyzed_time_us, timespec=_PRECISION)
    return [
        _to_result(text, mention, scorer, polarity.get((at, mention.symbol)), analyzed_time)
        for at, text in enumerate(texts)
        for mention in text.mentions
        for scorer, polarity in zip(scorers, polarities, strict=True)
    ]


def to_text(fields: Mapping[str, Any], broker_time_us: int, aliases: AliasVersion) -> Text:
    """Return the text of gold_news's columns, times in epoch microseconds."""
    vocabulary = vocabulary_of(aliases)
    summary = without_boilerplate(fields["summary"]) if fields["summary"] else None
    return Text(
        broker_time_us=broker_time_us,
        message_id=fields["message_id"],
        origin=fields["origin"],
        event_time_us=fields["event_time"],
        collected_time_us=fields["collected_time"],
        source=fields["source"],
        title=fields["title"],
        url=fields["url"],
        language=language_of(fields["title"], fields["language"], vocabulary),
        mentions=tuple(find_mentions(fields["title"], summary, vocabulary)),
        aliases=aliases.fingerprint,
    )


def polarities_of(texts: Sequence[Text], scorer: Scorer) -> Mapping[tuple[int, str], Polarity]:
    """Return the scorer's polarities by text and asset, in one call; unsupported languages are left out."""
    keyed = [
        ((at, mention.symbol), Passage(mention.passage, text.language))
        for at, text in enumerate(texts)
        if text.language in scorer.languages
        for mention in text.mentions
    ]
    scored = scorer.score([passage for _, passage in keyed])
    return {key: polarity for (key, _), polarity in zip(keyed, scored, strict=True)}


def _to_result(
    text: Text, mention: Mention, scorer: Scorer, polarity: Polarity | None, analyzed_time: str
) -> Result:
    label = UNSCORED if polarity is None else polarity.label
    negative, neutral, positive = (polarity and polarity.probabilities) or (None, None, None)
    value = to_value(
        ANALYZED_SENTIMENT,
        event_time_us=text.event_time_us,
        natural_key=(text.message_id, scorer.model, scorer.version),
        origin=text.origin,
        timespec=_PRECISION,
        symbol=mention.symbol,
        score=None if polarity is None else polarity.score,
        label=label,
        p_negative=negative,
        p_neutral=neutral,
        p_positive=positive,
        model=scorer.model,
        model_version=f"{scorer.version}+{text.aliases}",
        source=text.source,
        title=text.title,
        url=text.url,
        language=text.language,
        terms=[] if polarity is None else list(polarity.terms[:_MAX_TERMS]),
        collected_time=to_rfc3339(text.collected_time_us, timespec=_PRECISION),
        analyzed_time=analyzed_time,
    )
    return Result(key=mention.symbol.encode(), value=value, label=label, aliases=text.aliases)
