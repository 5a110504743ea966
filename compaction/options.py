"""Options of the table service: as parameters of its commands, and as the values that these make of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import typer

from compaction.retention.version_retention import LEAST_RETENTION_HOURS
from lakehouse.messages.record_id import RecordId
from lakehouse.process.commands import to_record_id
from lakehouse.process.number_option import wait_option

Engine = Literal["duckdb", "spark"]


def _to_table(name: str) -> str:
    from lakehouse.schema.tables import TABLES

    if name not in TABLES:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(sorted(TABLES))}")
    return name


def to_record_ids(texts: Sequence[str] | None) -> tuple[RecordId, ...]:
    """Parse record ids. Raises typer.BadParameter, a usage error, for another text."""
    return tuple(map(to_record_id, texts or ()))


def _default_retention_hours() -> int:
    from lakehouse.schema.spec import RETENTION_HOURS

    return RETENTION_HOURS


_LATE = "do not wait an hour for late rows of a closed day"
_KEEP = "days that a table keeps; may be repeated; default: CRYPTOVIZ_RETENTION"
_RETENTION = f"""keep the commits and files of versions of the last H hours, for readers and time travel; \
at least {LEAST_RETENTION_HOURS}; default: 6"""
_ACTION = "replay publishes messages again that the contract accepts now"
MAX_RETENTION_HOURS = 1_000_000
_RECORD_IDS = "record ids of the messages to show or to replay, from the list"

Lake = Annotated[str | None, typer.Option(metavar="URI", help="path or URI; default: the settings' lake")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document on stdout")]
Table = Annotated[
    list[str] | None,
    typer.Option(parser=_to_table, metavar="NAME", help="only this table; may be repeated; default: all"),
]
Now = Annotated[bool, typer.Option("--now", help=_LATE)]
Keep = Annotated[list[str] | None, typer.Option(metavar="TABLE=DAYS", help=_KEEP)]
MaxSeconds = Annotated[float | None, wait_option("start no rewrite after this long", at_least=0, metavar="S")]
MaxBytes = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="start no rewrite once so many bytes were rewritten")
]
RetentionHours = Annotated[
    int,
    typer.Option(
        metavar="H",
        min=0,
        max=MAX_RETENTION_HOURS,
        default_factory=_default_retention_hours,
        show_default=False,
        help=_RETENTION,
    ),
]
Every = Annotated[float | None, wait_option("repeat the run; default: once")]
Yes = Annotated[bool, typer.Option("--yes", help="do it; without this it is only counted")]
Force = Annotated[bool, typer.Option("--force", help=f"allow a retention below {LEAST_RETENTION_HOURS} h")]
EngineName = Annotated[Engine, typer.Option(help="duckdb with delta-rs, or Spark's OPTIMIZE (needs a JDK)")]
Last = Annotated[int, typer.Option(min=1, metavar="N", help="runs to show")]
Deep = Annotated[bool, typer.Option("--deep", help="read every page of every file, not only its footer")]
Systemd = Annotated[bool, typer.Option("--systemd", help="a service and a timer instead of a crontab")]
Action = Annotated[Literal["list", "show", "replay"], typer.Argument(help=_ACTION)]
Rule = Annotated[str | None, typer.Option(help="replay only messages that broke this rule")]
RecordIds = Annotated[list[str] | None, typer.Argument(metavar="TOPIC_ID/PARTITION/OFFSET", help=_RECORD_IDS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Scope and limits of a run. ``tables`` are all where none is named; a limit of None is none.

    A closed partition is rewritten an hour after its last file, unless ``wait_for_late_rows`` is false. Versions stay
    readable for ``retention_hours``.
    """

    tables: frozenset[str] = frozenset()
    wait_for_late_rows: bool = True
    engine: Engine = "duckdb"
    max_seconds: float | None = None
    max_bytes: int | None = None
    retention_hours: int = field(default_factory=_default_retention_hours)
