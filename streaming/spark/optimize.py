"""Delta's own OPTIMIZE in Spark, for partitions that somebody else has chosen: `python -m streaming.spark.optimize`.

One request a line on stdin, one answer a line on stdout, both JSON, until stdin ends. A request is
``{"uri", "partition": {column: value}, "order": column or null}``, its answer ``{"version", "n_files_before",
"n_files_after", "size_bytes_after"}``. Rows, position and whoever streams from the table notice nothing.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from streaming.command_line import EXIT_FAILED, add_spark_options, session
from streaming.errors import StreamingError

TARGET_FILE_BYTES_KEY = "spark.databricks.delta.optimize.maxFileSize"


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimized:
    """What became of one partition."""

    version: int
    n_files_before: int
    n_files_after: int
    size_bytes_after: int


def optimize(spark: SparkSession, *, uri: str, partition: Mapping[str, str], order: str | None) -> Optimized:
    """Rewrites the files of one partition into few, in the order of a column where one is given.

    Commits without a data change, beside appends of any engine. Two at once on one partition: one fails.
    """
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


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m streaming.spark.optimize",
        description="OPTIMIZE of partitions that are named on stdin; `python -m compaction compact --engine spark` "
        "starts it.",
    )
    parser.add_argument(
        "--target-bytes", type=int, default=128 * 1024 * 1024, help="size of a file to aim for"
    )
    add_spark_options(parser)
    options = parser.parse_args(arguments)
    # Whatever Spark or its JVM print shall not stand between answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        spark = session(options, app_name="cryptoviz-optimize")
    except StreamingError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    spark.conf.set(TARGET_FILE_BYTES_KEY, str(options.target_bytes))
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        done = optimize(spark, **request)
        print(json.dumps(asdict(done)), file=answers, flush=True)
    spark.stop()
    return 0


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


if __name__ == "__main__":
    sys.exit(main())
