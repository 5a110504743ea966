"""Table of stories: which texts about a symbol tell the same one, and which of them counts for it."""

from lakehouse.schema.spec import Column, TableSpec

WINDOW_US = 2 * 86_400_000_000
"""Largest distance of a text from its story's first text, before or after it."""
REACH_US = 2 * WINDOW_US
"""Largest distance of two texts of one story."""

GOLD_STORY = TableSpec(
    name="gold_story",
    grain="one analysed text about one symbol, with the story that it tells",
    columns=(
        Column("symbol", "string", "lower-case ticker, e.g. btc"),
        Column("event_time", "timestamp", "UTC instant at which the text was published"),
        Column("message_id", "string", "message_id of the row in gold_sentiment; unique in the table"),
        Column(
            "story_id", "string", "message_id of the story's first text, the one that the broker had first"
        ),
        Column("story_time", "timestamp", "event_time of the story's first text"),
        Column("source", "string", "where the text was published"),
        Column("title", "string", "headline of the story's first text; null in its other rows"),
        Column(
            "score", "double", "polarity of the story: that of its first scored text; null in its other rows"
        ),
        Column("label", "string", "label of that text; null in its other rows"),
        Column("origin", "string", "where the text comes from: collected, generated or replay"),
        Column("topic_id", "string", "id of the Kafka topic of the text's result"),
        Column("kafka_partition", "integer", "partition of the text's result"),
        Column("kafka_offset", "long", "offset of the text's result"),
        Column("event_date", "date", "UTC day of event_time; partition column"),
    ),
    partition_by=("event_date",),
    sort_by=("symbol", "event_time"),
    stats_on=("symbol", "event_time", "kafka_partition", "kafka_offset"),
)
