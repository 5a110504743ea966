"""Generator of docs/images/architecture.svg from the names and relations of the code."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from api.http.series_names import SERIES_BY_NAME
from lakehouse.messages.contract import CONTRACTS, RAW_NEWS, RAW_PRICE
from lakehouse.process.settings import SOCKET_PATH
from lakehouse.schema.story_table import GOLD_STORY
from lakehouse.schema.tables import (
    BRONZE,
    GOLD_NEWS,
    GOLD_PREDICTION,
    GOLD_PRICE,
    GOLD_SCORE,
    GOLD_SENTIMENT,
    SENTIMENT_SHADOW,
)
from lakehouse.series.rollups import ROLLUPS
from lakehouse.tail.store import TAIL_TOPICS
from streaming.analysis.queries import all_queries
from streaming.ingest.batch import INGESTED_TABLES

FILE = "docs/images/architecture.svg"
BOX_WIDTH, BOX_HEIGHT, COLUMN_WIDTH = 150, 34, 202
TOP, MARGIN, HEIGHT, LIFT = 84, 16, 560, 110
COLOURS = {
    "program": "#dbeafe",
    "topic": "#fde68a",
    "table": "#d1fae5",
    "reader": "#ede9fe",
    "endpoint": "#fee2e2",
}

INGEST, LAKE, TAIL = "streaming.ingest", "lakehouse.lake", "lakehouse.tail"
SCORE_SOURCES = (GOLD_PREDICTION, GOLD_PRICE)


@dataclass(frozen=True)
class Box:
    """A program, topic, table or endpoint by its name in the code."""

    name: str
    kind: str


@dataclass(frozen=True)
class Column:
    """Boxes from top to bottom; ``title`` is the package that they belong to, or the system that holds them."""

    title: str
    subtitle: str
    boxes: tuple[Box, ...]


def to_columns() -> tuple[Column, ...]:
    queries = all_queries()
    results = tuple(query.output for query in queries)
    raws = tuple(topic for topic in CONTRACTS if topic not in results)
    gold = [spec.name for spec in INGESTED_TABLES]
    return (
        Column("streaming.collect", "feeds, exchanges", boxes("program", "news", "prices")),
        Column("Kafka", "raw topics", boxes("topic", *sorted(raws))),
        Column("streaming.analysis", "Spark", boxes("program", *(query.name for query in queries))),
        Column("Kafka", "result topics", boxes("topic", *results)),
        Column("streaming.ingest", "Spark; validation", boxes("program", INGEST)),
        Column("Delta", "append-only, each with its position", boxes("table", *gold)),
        Column(
            "compaction",
            "run by cron; sentiment shadow",
            boxes(
                "table",
                *(r.table.name for r in ROLLUPS),
                GOLD_SCORE.name,
                GOLD_STORY.name,
                SENTIMENT_SHADOW.name,
            ),
        ),
        Column("lakehouse", "no JVM, no Django", boxes("reader", LAKE, TAIL)),
        Column(
            "api",
            "and notebooks",
            boxes("endpoint", *(f"{name}/historique" for name in SERIES_BY_NAME), SOCKET_PATH, "notebooks"),
        ),
    )


def boxes(kind: str, *names: str) -> tuple[Box, ...]:
    return tuple(Box(name, kind) for name in names)


def to_arrows() -> Iterator[tuple[str, str]]:
    """Yield (from, to), by the names of boxes."""
    yield "news", RAW_NEWS.topic
    yield "prices", RAW_PRICE.topic
    for query in all_queries():
        yield from ((topic, query.name) for topic in query.inputs)
        yield query.name, query.output
    yield from ((topic, INGEST) for topic in CONTRACTS)
    yield from ((INGEST, spec.name) for spec in INGESTED_TABLES)
    yield from ((rollup.gold.name, rollup.table.name) for rollup in ROLLUPS)
    yield from ((spec.name, GOLD_SCORE.name) for spec in SCORE_SOURCES)
    yield GOLD_SENTIMENT.name, GOLD_STORY.name
    yield GOLD_NEWS.name, SENTIMENT_SHADOW.name
    yield from (
        (spec.name, LAKE) for spec in (*(r.table for r in ROLLUPS), GOLD_SCORE, GOLD_STORY, SENTIMENT_SHADOW)
    )
    yield from ((spec.name, LAKE) for spec in INGESTED_TABLES if spec is not BRONZE)
    yield from ((contract.topic, TAIL) for contract in TAIL_TOPICS.values())
    yield from ((reader, f"{name}/historique") for name in SERIES_BY_NAME for reader in (LAKE, TAIL))
    yield TAIL, SOCKET_PATH
    yield LAKE, "notebooks"


def to_files() -> dict[str, str]:
    """Return {path below the repository: content} of the picture."""
    return {FILE: to_svg()}


def to_svg() -> str:
    columns = to_columns()
    placed = {}
    lines = []
    for at, column in enumerate(columns):
        x = MARGIN + at * COLUMN_WIDTH
        n_boxes = len(column.boxes)
        step = min(76, (HEIGHT - TOP - 20) / n_boxes)
        first = TOP + (HEIGHT - TOP - step * n_boxes) / 2 + (step - BOX_HEIGHT) / 2
        lines += [
            f'<text x="{x + BOX_WIDTH / 2:g}" y="28" class="title">{escape(column.title)}</text>',
            f'<text x="{x + BOX_WIDTH / 2:g}" y="48" class="small">{escape(column.subtitle)}</text>',
        ]
        for row, box in enumerate(column.boxes):
            placed[box.name] = (x, first + row * step, box)
    arrows = [_to_path(placed[start], placed[end]) for start, end in to_arrows()]
    drawn = [_to_box(*box) for box in placed.values()]
    width = 2 * MARGIN + (len(columns) - 1) * COLUMN_WIDTH + BOX_WIDTH
    return "\n".join((_HEAD.format(width=width, height=HEIGHT + 16), *arrows, *lines, *drawn, "</svg>", ""))


PlacedBox = tuple[float, float, Box]


def _to_path(start: PlacedBox, end: PlacedBox) -> str:
    """Draw a curve from one box to another, thinner where it crosses a column; far topics are passed above or below."""
    is_back = end[0] < start[0]
    x1, y1 = start[0] + (0 if is_back else BOX_WIDTH), start[1] + BOX_HEIGHT / 2
    x2, y2 = end[0] + (BOX_WIDTH if is_back else 0), end[1] + BOX_HEIGHT / 2
    is_far = x2 - x1 > COLUMN_WIDTH
    bend = (x2 - x1) / (3 if is_far else 2)
    around = 0 if not is_far or start[2].kind != "topic" else -LIFT if y1 < (TOP + HEIGHT) / 2 else LIFT
    style = ' class="far"' if is_far else ""
    return (
        f'<path d="M{x1:g} {y1:g} C{x1 + bend:g} {y1 + around:g} {x2 - bend:g} {y2 + around:g} {x2:g} {y2:g}"'
        f'{style} marker-end="url(#arrow)"/>'
    )


def _to_box(x: float, y: float, box: Box) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6" fill="{COLOURS[box.kind]}"/>'
        f'<text x="{x + BOX_WIDTH / 2:g}" y="{y + BOX_HEIGHT / 2 + 4:g}">{escape(box.name)}</text>'
    )


_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t">
<title id="t">From feeds and exchanges through Kafka and Spark into Delta tables, and from there to answers</title>
<style>
text {{ font: 12px system-ui, sans-serif; text-anchor: middle; fill: #111827; }}
.title {{ font-size: 14px; font-weight: 600; }} .small {{ font-size: 11px; fill: #4b5563; }}
rect {{ stroke: #6b7280; stroke-width: 1; }}
path {{ fill: none; stroke: #6b7280; stroke-width: 1.2; }} .far {{ stroke-width: 0.8; stroke: #9ca3af; }}
#arrow path {{ fill: #6b7280; stroke: none; }}
</style>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">
<path d="M0 0 L8 4 L0 8 z"/></marker></defs>
<rect width="{width}" height="{height}" fill="#ffffff" stroke="none" style="stroke:none"/>"""
