"""Delta's own OPTIMIZE in Spark, for partitions that the caller has chosen: `python -m streaming.spark.optimize`.

One request a line on stdin, one answer a line on stdout, both JSON, until stdin ends. A request is
``{"uri", "partition": {column: value}, "order": column or null}``, its answer ``{"version", "n_files_before",
"n_files_after", "size_bytes_after"}``. Rows and position stay, and streams from the table see no change.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lakehouse.errors import LakehouseError
from lakehouse.process.commands import EXIT_DONE, exit_code_of, run, single_command
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import end_process
from streaming.command_line import JarsOption, MasterOption, MemoryOption, SparkOptions, master_epilog
from streaming.errors import StreamingError
from streaming.jars.folder import SPARK_JARS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TARGET_FILE_BYTES_KEY = "spark.databricks.delta.optimize.maxFileSize"


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimized:
    """The result of one partition."""

    version: int
    n_files_before: int
    n_files_after: int
    size_bytes_after: int


def optimize(spark: SparkSession, *, uri: str, partition: Mapping[str, str], order: str | None) -> Optimized:
    """Rewrite the files of one partition into few, in the order of a column where one is given.

    Commits without a data change, beside appends of any engine. Two at once on one partition: one fails.
    """
    from delta.tables import DeltaTable  # here: pyspark takes a second to import

    table = DeltaTable.forPath(spark, uri)
    conditions = " AND ".join(f"{name} = '{_quoted(value)}'" for name, value in partition.items())
    chosen = table.optimize().where(conditions)
    (row,) = (chosen.executeCompaction() if order is None else chosen.executeZOrderBy(order)).collect()
    metrics = row["metrics"]
    return Optimized(
        version=int(table.history(1).collect()[0]["version"]),
        n_files_before=int(metrics["numFilesRemoved"]),
        n_files_after=int(metrics["numFilesAdded"]),
        size_bytes_after=int(metrics["filesAdded"]["totalSize"] or 0),
    )


def answer_requests(
    target_bytes: Annotated[int, typer.Option(min=1, help="size of a file to aim for")] = 128 * 1024 * 1024,
    master: MasterOption = "",
    driver_memory: MemoryOption = "1g",
    jars: JarsOption = SPARK_JARS,
) -> int:
    """Answer each request on stdin with a line on stdout, until stdin ends."""
    # Whatever Spark or its JVM print must not stand between answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        settings = Settings.from_environ(os.environ)
        options = SparkOptions.of_command(settings, master=master, driver_memory=driver_memory, jars=jars)
        spark = options.start(app_name="cryptoviz-optimize")
    except (StreamingError, LakehouseError) as error:
        print(error, file=sys.stderr)
        return exit_code_of(error)
    spark.conf.set(TARGET_FILE_BYTES_KEY, str(target_bytes))
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        print(json.dumps(asdict(optimize(spark, **request))), file=answers, flush=True)
    spark.stop()
    return EXIT_DONE


app = single_command(
    answer_requests,
    description="OPTIMIZE of partitions that are named on stdin; `python -m compaction compact --engine spark` "
    "starts it.",
    epilog=master_epilog(),
)
main = partial(run, app, prog="python -m streaming.spark.optimize")


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


if __name__ == "__main__":
    end_process(main())
