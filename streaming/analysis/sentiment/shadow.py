"""Shadow of the published sentiments: what a trained model says of the same texts, stored and not published.

Texts come from gold_news. Rows and the position that they reach are one commit, so a run that is killed goes on where
the last commit ended, and a text has the rows of one run. Which models score a text depends on its broker time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta.position import Position, TopicPartition, read_position
from lakehouse.delta.table import append, ensure_table
from lakehouse.lake import Lake
from lakehouse.messages.contract import RAW_NEWS, UNSCORED
from lakehouse.messages.positions import is_beyond
from lakehouse.schema.tables import GOLD_NEWS, SENTIMENT_SHADOW
from lakehouse.sentiment_models.versions import ADD
from lakehouse.time_range import to_time
from streaming.analysis.sentiment.publishing import shadow_scorer
from streaming.analysis.sentiment.query import Catalogue
from streaming.analysis.sentiment.results import Text, polarities_of, to_text
from streaming.analysis.sentiment.scorer import Polarity, Scorer

COMPARED_COLUMNS = ("number", "published_model", "text_id", "label", "published_label")
TEXTS_PER_COMMIT = 2_000
_NEWS_COLUMNS = (
    "message_id", "origin", "event_time", "collected_time", "source", "title", "summary", "url", "language",
    "topic_id", "kafka_partition", "kafka_offset", "broker_time",
)  # fmt: skip
_ORDER = [("topic_id", "ascending"), ("kafka_partition", "ascending"), ("kafka_offset", "ascending")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowReport:
    """Texts and rows of one run."""

    n_texts: int
    n_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveComparison:
    """Labels of one model in the shadow beside the published ones, on the same texts."""

    number: int
    published_model: str
    n_rows: int
    n_texts: int
    same_label: float
    labels: Mapping[str, int]
    published_labels: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Source:
    """Record of raw-news that a text is of."""

    topic_id: str
    partition: int
    offset: int


def run_shadow(lake: Lake, catalogue: Catalogue) -> ShadowReport:
    """Score the texts that came since the last run, and commit the rows. Idempotent.

    Raises: LakeNotFoundError before there is a lake, EncoderError where the model cannot run; then nothing is skipped.
    """
    added = [event.effective_us for event in catalogue.models.events if event.kind == ADD]
    if not added:
        return ShadowReport(n_texts=0, n_rows=0)
    table = ensure_table(lake.location.child(SENTIMENT_SHADOW.name), SENTIMENT_SHADOW)
    topic_ids = [each.topic_id for each in lake.catalog.topic_generations() if each.topic == RAW_NEWS.topic]
    committed = read_position(table, topic_ids)
    news = lake.table(GOLD_NEWS.name)
    end = news.position
    found = (
        news.where(on="broker_time", start=to_time(min(added)))
        .changes(committed)
        .select(*_NEWS_COLUMNS)
        .arrow()
    )
    texts = found.filter(pc.invert(pa.array(is_beyond(found, end)))).sort_by(_ORDER) if len(found) else found
    n_rows = 0
    for start in range(0, max(len(texts), 1), TEXTS_PER_COMMIT):
        part = texts.slice(start, TEXTS_PER_COMMIT)
        is_last = start + TEXTS_PER_COMMIT >= len(texts)
        reached = end.offsets if is_last else {**dict.fromkeys(end, 0), **committed.offsets, **_ends(part)}
        changed = {key: to for key, to in reached.items() if committed.offsets.get(key) != to}
        if not changed:
            break
        rows = pa.Table.from_pylist(list(to_rows(part, catalogue)), schema=SENTIMENT_SHADOW.to_arrow_schema())
        expected = {key: committed.offsets.get(key) for key in changed}
        append(table, SENTIMENT_SHADOW, rows, expected=expected, advanced=changed)
        committed = Position({**committed.offsets, **changed})
        n_rows += len(rows)
    return ShadowReport(n_texts=len(texts), n_rows=n_rows)


def to_rows(news: pa.Table, catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    """Yield the rows of texts for which a model runs in the shadow. Pure but for the models that score."""
    texts = [_to_source_and_text(fields, catalogue) for fields in _with_epochs(news).to_pylist()]
    for (published, shadow), neighbours in groupby(texts, key=lambda each: _scorers(each[1], catalogue)):
        if shadow is None:
            continue
        sources, group = zip(*neighbours, strict=True)
        ours = polarities_of(group, shadow)
        theirs = polarities_of(group, published)
        for at, (source, text) in enumerate(zip(sources, group, strict=True)):
            for mention in text.mentions:
                pair = ours.get((at, mention.symbol)), theirs.get((at, mention.symbol))
                yield _to_row(source, text, mention.symbol, (shadow, published), pair, catalogue)


def compare_live(rows: pa.Table) -> list[LiveComparison]:
    """Return the labels of each model beside those published, by number; rows have COMPARED_COLUMNS."""
    found = []
    keys = ("number", "published_model")
    for pair in (
        rows.select(keys).group_by(list(keys)).aggregate([]).sort_by([("number", "ascending")]).to_pylist()
    ):
        chosen = rows.filter(
            (pc.field("number") == pair["number"]) & (pc.field("published_model") == pair[keys[1]])
        )
        same = pc.equal(chosen["label"], chosen["published_label"])
        found.append(
            LiveComparison(
                number=pair["number"],
                published_model=pair["published_model"],
                n_rows=len(chosen),
                n_texts=pc.count_distinct(chosen["text_id"]).as_py(),
                same_label=pc.mean(same.cast(pa.float64())).as_py(),
                labels=_counts(chosen["label"]),
                published_labels=_counts(chosen["published_label"]),
            )
        )
    return found


def in_words(comparison: LiveComparison) -> str:
    """Return a comparison as one line."""
    ours, theirs = (
        ", ".join(f"{count:,} {label}" for label, count in labels.items())
        for labels in (comparison.labels, comparison.published_labels)
    )
    return (
        f"model {comparison.number} beside {comparison.published_model} on {comparison.n_rows:,} results of "
        f"{comparison.n_texts:,} texts: the same label {comparison.same_label:.0%}; {ours}; published: {theirs}"
    )


def _scorers(text: Text, catalogue: Catalogue) -> tuple[Scorer, Scorer | None]:
    """Return who publishes the text's results, the first of several, and who runs in the shadow."""
    shadow = shadow_scorer(catalogue.scorers, catalogue.models, text.broker_time_us)
    return catalogue.scorers_of(text)[0], shadow


def _to_source_and_text(fields: Mapping[str, Any], catalogue: Catalogue) -> tuple[_Source, Text]:
    broker_time_us = fields["broker_time"]
    source = _Source(fields["topic_id"], fields["kafka_partition"], fields["kafka_offset"])
    return source, to_text(fields, broker_time_us, catalogue.aliases.at(broker_time_us))


def _to_row(
    source: _Source,
    text: Text,
    symbol: str,
    scorers: tuple[Scorer, Scorer],
    polarities: tuple[Polarity | None, Polarity | None],
    catalogue: Catalogue,
) -> dict[str, Any]:
    (shadow, published), (ours, theirs) = scorers, polarities
    negative, neutral, positive = (ours and ours.probabilities) or (None, None, None)
    event_time = to_time(text.event_time_us)
    return {
        "symbol": symbol,
        "event_time": event_time,
        "text_id": text.message_id,
        "title": text.title,
        "language": text.language,
        "number": catalogue.models.shadow_at(text.broker_time_us),
        "model": shadow.model,
        "model_version": f"{shadow.version}+{text.aliases}",
        "score": ours and ours.score,
        "label": ours.label if ours else UNSCORED,
        "p_negative": negative,
        "p_neutral": neutral,
        "p_positive": positive,
        "published_model": published.model,
        "published_version": f"{published.version}+{text.aliases}",
        "published_score": theirs and theirs.score,
        "published_label": theirs.label if theirs else UNSCORED,
        "topic_id": source.topic_id,
        "kafka_partition": source.partition,
        "kafka_offset": source.offset,
        "broker_time": to_time(text.broker_time_us),
        "event_date": event_time.date(),
    }


def _with_epochs(news: pa.Table) -> pa.Table:
    """Return the rows with their times as epoch microseconds."""
    schema = pa.schema(
        [field.with_type(pa.int64()) if pa.types.is_timestamp(field.type) else field for field in news.schema]
    )
    return pa.Table.from_arrays(
        [column.cast(field.type) for column, field in zip(news.columns, schema, strict=True)], schema=schema
    )


def _ends(part: pa.Table) -> dict[TopicPartition, int]:
    """Return the offset after the last row of each partition."""
    keys = ["topic_id", "kafka_partition"]
    lasts = part.group_by(keys).aggregate([("kafka_offset", "max")]).to_pylist()
    return {
        TopicPartition(last["topic_id"], last["kafka_partition"]): last["kafka_offset_max"] + 1
        for last in lasts
    }


def _counts(labels: pa.ChunkedArray) -> dict[str, int]:
    counted: Sequence[Mapping[str, Any]] = pc.value_counts(labels.combine_chunks()).to_pylist()
    return {each["values"]: each["counts"] for each in sorted(counted, key=lambda each: str(each["values"]))}
