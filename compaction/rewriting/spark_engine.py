"""Compaction by Spark's OPTIMIZE, in a process of its own: for tables beyond one machine.

It follows the same plan, is slower on one machine, and sorts by the first of the table's sort columns alone. It leaves
rollups, whose partial sums are merged, and partitions that only need sorting to the default engine.
"""

import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compaction.errors import EngineError
from compaction.lake_tables import open_tables
from compaction.rewriting.budget import Budget
from compaction.rewriting.compact import CompactReport, plan_now
from compaction.rewriting.plan import TARGET_FILE_BYTES, RewriteTask
from compaction.rewriting.rewrite import Rewritten
from lakehouse.delta.storage import LakeLocation
from lakehouse.schema.rollup_tables import ROLLUP_TABLES
from lakehouse.schema.spec import TableSpec

PROJECT_DIR = Path(__file__).resolve().parents[2]

logger = logging.getLogger(__name__)


def compact_with_spark(
    lake: LakeLocation,
    *,
    names: frozenset[str] = frozenset(),
    wait_for_late_rows: bool = True,
    budget: Budget | None = None,
) -> CompactReport:
    """Compact one partition after the other. Idempotent.

    Raises EngineError where Spark does not start or fails on a partition; partitions that are committed stay.
    """
    report, budget = CompactReport(), budget or Budget()
    chosen = [
        (spec, location, task)
        for spec, location, table in open_tables(lake, names)
        if spec not in ROLLUP_TABLES
        for task in plan_now(spec, table, wait_for_late_rows=wait_for_late_rows)
        if len(task.files) > task.n_files_after
    ]
    if not chosen:
        return report
    with _spark() as process:
        for spec, location, task in chosen:
            if budget.is_spent:
                report.is_cut_off = True
                break
            report.rewritten.append(_optimize(process, spec, location, task))
            budget.spend(task.size_bytes)
    return report


def _optimize(
    process: "subprocess.Popen[str]", spec: TableSpec, location: LakeLocation, task: RewriteTask
) -> Rewritten:
    started = time.monotonic()
    request = {
        "uri": location.uri,
        "partition": dict(zip(spec.partition_by, task.partition, strict=True)),
        "order": spec.sort_by[0],
    }
    answer = _request(process, json.dumps(request))
    done = json.loads(answer)
    seconds = time.monotonic() - started
    logger.info(
        "optimized engine=spark table=%s partition=%s version=%d files_before=%d files_after=%d seconds=%.2f",
        spec.name,
        "/".join(task.partition),
        done["version"],
        done["n_files_before"],
        done["n_files_after"],
        seconds,
    )
    return Rewritten(
        task=task,
        version=done["version"],
        n_files_after=done["n_files_after"],
        bytes_after=done["size_bytes_after"],
        seconds=seconds,
    )


def _request(process: "subprocess.Popen[str]", line: str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
        answer = process.stdout.readline()
    except BrokenPipeError as error:
        raise EngineError(f"Spark ended with code {process.wait()}") from error
    if not answer:
        raise EngineError(f"Spark ended with code {process.wait()}")
    return answer


@contextmanager
def _spark() -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", "streaming.spark.optimize", "--target-bytes", str(TARGET_FILE_BYTES)]
    with subprocess.Popen(
        command, cwd=PROJECT_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
