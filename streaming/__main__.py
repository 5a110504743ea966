"""Command line of the whole stream: ingestion and analysis in one Spark application, one JVM.

python -m streaming run
"""

import argparse
import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence

from lakehouse.errors import LakehouseError
from streaming.analysis.__main__ import add_analysis_options, to_settings
from streaming.analysis.service import AnalysisService
from streaming.command_line import (
    EXIT_FAILED,
    EXIT_NEEDS_OPERATOR,
    add_lake_option,
    add_spark_options,
    log_to_stdout,
    serve_own_metrics,
    session,
)
from streaming.errors import CompactedTopicError, DataLossError, SparkLostError, StreamingError
from streaming.ingest.__main__ import add_ingest_options, to_ingest_settings
from streaming.ingest.run import IngestService
from streaming.spark.supervision import one_line, stop_on_signals

LOCAL_MASTER = "local[6]"
"""Two tasks for each of three queries, on however many cores: the long tasks of an analysis that catches up must not
keep ingestion waiting for a slot."""

logger = logging.getLogger("streaming")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    log_to_stdout()
    try:
        return _run(options)
    except (DataLossError, CompactedTopicError) as error:
        logger.error("stopped: %s", error)
        return EXIT_NEEDS_OPERATOR
    except (StreamingError, LakehouseError) as error:
        logger.error("%s", one_line(error))
        return EXIT_FAILED


def _run(options: argparse.Namespace) -> int:
    ingest_settings, analysis_settings = to_ingest_settings(options), to_settings(options)
    serve_own_metrics("stream")
    spark = session(options, app_name="cryptoviz")
    ingest = IngestService(lambda: spark, ingest_settings)
    analysis = AnalysisService(lambda: spark, analysis_settings)
    stop_on_signals(ingest, analysis)
    try:
        _run_together(ingest, analysis)
    except SparkLostError as error:
        logger.warning("%s; starting again from the tables' positions and the checkpoints", error)
        os.execv(sys.executable, [sys.executable, "-m", "streaming", *sys.argv[1:]])
    return 0


def _run_together(ingest: IngestService, analysis: AnalysisService) -> None:
    """Both until one ends; then the other is stopped too, and the first failure is raised."""
    failures: list[BaseException] = []

    def run(service: Callable[[], None]) -> None:
        try:
            service()
        except BaseException as error:  # noqa: BLE001  raised again below
            failures.append(error)
        finally:
            ingest.stop()
            analysis.stop()

    thread = threading.Thread(target=run, args=(analysis.run,), name="analysis", daemon=True)
    thread.start()
    run(ingest.run)
    thread.join()
    if failures:
        raise failures[0]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m streaming",
        description="Ingestion (Kafka to Delta) and analysis (news and prices to results) in one Spark.",
        epilog="Kafka is named by CRYPTOVIZ_KAFKA_* variables. Each can run apart: streaming.ingest, "
        "streaming.analysis. Exit codes: 0 stopped as asked, 1 failed, 3 an operator has to decide.",
    )
    add_lake_option(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="until SIGTERM; safe to kill at any moment")
    add_spark_options(run, master=LOCAL_MASTER)
    add_ingest_options(run)
    add_analysis_options(run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
