"""Command line of the analysis on its own: raw news and prices in, sentiment and predictions out.

python -m streaming.analysis run
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from lakehouse.errors import LakehouseError
from streaming.analysis.queries import QUERY_NAMES, all_queries
from streaming.analysis.sentiment.scorers import DEFAULT_SCORERS, SCORERS
from streaming.analysis.service import AnalysisService, AnalysisSettings
from streaming.command_line import (
    EXIT_FAILED,
    EXIT_NEEDS_OPERATOR,
    add_lake_option,
    add_spark_options,
    lake_of,
    log_to_stdout,
    serve_own_metrics,
    session,
)
from streaming.errors import CompactedTopicError, SparkLostError, StreamingError
from streaming.kafka.settings import KafkaSettings
from streaming.spark.supervision import one_line, stop_on_signals

logger = logging.getLogger("streaming.analysis")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    log_to_stdout()
    try:
        return _run(options)
    except CompactedTopicError as error:
        logger.error("analysis stopped: %s", error)
        return EXIT_NEEDS_OPERATOR
    except (StreamingError, LakehouseError) as error:
        logger.error("%s", one_line(error))
        return EXIT_FAILED


def to_settings(options: argparse.Namespace) -> AnalysisSettings:
    queries = all_queries(scorers=tuple(options.scorers), lake=lake_of(options))
    chosen = tuple(query for query in queries if query.name in options.queries)
    return AnalysisSettings(
        kafka=KafkaSettings.from_env(os.environ), queries=chosen, checkpoint_dir=options.analysis_checkpoints
    )


def add_analysis_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--queries",
        nargs="+",
        choices=QUERY_NAMES,
        default=list(QUERY_NAMES),
        help="only these (default: all)",
    )
    parser.add_argument(
        "--scorers",
        nargs="+",
        choices=sorted(SCORERS),
        default=list(DEFAULT_SCORERS),
        help="whose sentiments are published; more than one mixes models in the default series "
        f"(default: {', '.join(DEFAULT_SCORERS)})",
    )
    parser.add_argument(
        "--analysis-checkpoints",
        type=Path,
        default=Path(".runtime/checkpoints/analysis"),
        help="how far each query got; without it everything that Kafka holds is analysed again",
    )


def _run(options: argparse.Namespace) -> int:
    service = AnalysisService(lambda: session(options, app_name="cryptoviz-analysis"), to_settings(options))
    stop_on_signals(service)
    serve_own_metrics("analysis")
    try:
        service.run()
    except SparkLostError as error:
        logger.warning("%s; starting again from the checkpoints", error)
        os.execv(sys.executable, [sys.executable, "-m", "streaming.analysis", *sys.argv[1:]])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m streaming.analysis",
        description="From raw-news and raw-price to analyzed-sentiment and predicted-price, at least once.",
        epilog="Kafka is named by CRYPTOVIZ_KAFKA_* variables. `python -m streaming run` runs it together with "
        "ingestion in one Spark. Exit codes: 0 stopped as asked, 1 failed, 3 an operator has to decide.",
    )
    add_lake_option(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="analyse until SIGTERM; safe to kill at any moment")
    add_spark_options(run)
    add_analysis_options(run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
