"""Texts in, results out: one for each asset that a text speaks of and each scorer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from lakehouse.aliases.versions import SEED_ALONE, AliasHistory, AliasVersion
from lakehouse.messages.contract import CONTRACT_VERSION, RAW_NEWS, UNSCORED, make_message_id
from lakehouse.messages.validation import Rejected, Row, message_columns, validator_of
from streaming.analysis.sentiment.languages import language_of
from streaming.analysis.sentiment.mentions import Mention, find_mentions
from streaming.analysis.sentiment.scorer import Passage, Polarity, Scorer
from streaming.analysis.sentiment.vocabulary import vocabulary_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_TERMS = 100
_COLUMNS = message_columns(RAW_NEWS.topic)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A raw text that the verdict accepted, its language and the assets that it speaks of, by which ``aliases``."""

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
    """A message of analyzed-sentiment; ``aliases`` is the fingerprint of those that found its asset."""

    key: bytes
    value: bytes
    label: str
    aliases: str


def read_texts(
    records: Iterable[tuple[bytes | None, bytes | None, int]], aliases: AliasHistory = SEED_ALONE
) -> Iterator[Text]:
    """The good ones of raw-news records (key, value, broker time in microseconds), by the aliases of that time.

    The others are dropped: ingestion reads the same topic, judges alike and keeps them in quarantine.
    """
    validate = validator_of(RAW_NEWS.topic)
    for record in records:
        verdict = validate(*record)
        if not isinstance(verdict, Rejected):
            yield _to_text(verdict, aliases.at(record[2]))


def to_results(texts: Sequence[Text], scorers: Sequence[Scorer], *, analyzed_time_us: int) -> list[Result]:
    """The results, ordered by text, then asset, then scorer.

    A text's results depend on the text, its aliases, the scorers and their versions alone, but for ``analyzed_time``.
    Their ids do not depend on aliases, so that a text counts once for an asset, whatever found it. Where a scorer
    does not speak the text's language its result says `unscored` and has no score.
    """
    polarities = [_score(texts, scorer) for scorer in scorers]
    analyzed_time = _to_rfc3339(analyzed_time_us)
    return [
        _to_result(text, mention, scorer, polarity.get((at, mention.symbol)), analyzed_time)
        for at, text in enumerate(texts)
        for mention in text.mentions
        for scorer, polarity in zip(scorers, polarities, strict=True)
    ]


def _to_text(row: Row, aliases: AliasVersion) -> Text:
    vocabulary = vocabulary_of(aliases)
    fields = dict(zip(_COLUMNS, row, strict=True))
    return Text(
        message_id=fields["message_id"],
        origin=fields["origin"],
        event_time_us=fields["event_time"],
        collected_time_us=fields["collected_time"],
        source=fields["source"],
        title=fields["title"],
        url=fields["url"],
        language=language_of(fields["title"], fields["language"], vocabulary),
        mentions=tuple(find_mentions(fields["title"], fields["summary"], vocabulary)),
        aliases=aliases.fingerprint,
    )


def _score(texts: Sequence[Text], scorer: Scorer) -> Mapping[tuple[int, str], Polarity]:
    """The scorer's polarities by text and asset, all asked for at once; texts that it cannot read are left out."""
    asked = [
        ((at, mention.symbol), Passage(mention.passage, text.language))
        for at, text in enumerate(texts)
        if text.language in scorer.languages
        for mention in text.mentions
    ]
    scored = scorer.score([passage for _, passage in asked])
    return {key: polarity for (key, _), polarity in zip(asked, scored, strict=True)}


def _to_result(
    text: Text, mention: Mention, scorer: Scorer, polarity: Polarity | None, analyzed_time: str
) -> Result:
    label = UNSCORED if polarity is None else polarity.label
    message: dict[str, Any] = {
        "v": CONTRACT_VERSION,
        "message_id": make_message_id(
            key=mention.symbol,
            event_time=_EPOCH + timedelta(microseconds=text.event_time_us),
            natural_key=(text.message_id, scorer.model, scorer.version),
        ),
        "origin": text.origin,
        "symbol": mention.symbol,
        "event_time": _to_rfc3339(text.event_time_us),
        "score": None if polarity is None else polarity.score,
        "label": label,
        "model": scorer.model,
        "model_version": f"{scorer.version}+{text.aliases}",
        "source": text.source,
        "title": text.title,
        "url": text.url,
        "language": text.language,
        "terms": [] if polarity is None else list(polarity.terms[:_MAX_TERMS]),
        "collected_time": _to_rfc3339(text.collected_time_us),
        "analyzed_time": analyzed_time,
    }
    return Result(key=mention.symbol.encode(), value=_encode(message), label=label, aliases=text.aliases)


def _to_rfc3339(time_us: int) -> str:
    """An instant to the microsecond: the id of a message names it whole."""
    return f"{(_EPOCH + timedelta(microseconds=time_us)).isoformat(timespec='microseconds')[:-6]}Z"
