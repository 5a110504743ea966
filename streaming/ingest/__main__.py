"""Command line of ingestion: `run` it, `accept-loss`, `rebuild` gold from bronze, `exclude` a wrong message.

python -m streaming.ingest run
"""

import argparse
import getpass
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from lakehouse.errors import LakehouseError
from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.record_id import RecordId, parse_record_id
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
from streaming.errors import CompactedTopicError, DataLossError, SparkLostError, StreamingError
from streaming.ingest.exclusion import exclude, find_exclusion
from streaming.ingest.loss import accept_losses
from streaming.ingest.rebuild import rebuild
from streaming.ingest.run import IngestService, IngestSettings
from streaming.kafka.settings import KafkaSettings
from streaming.spark.supervision import one_line, stop_on_signals

logger = logging.getLogger("streaming.ingest")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    log_to_stdout()
    try:
        return int(options.command(options))
    except (DataLossError, CompactedTopicError) as error:
        logger.error("ingest stopped: %s", error)
        return EXIT_NEEDS_OPERATOR
    except (StreamingError, LakehouseError) as error:
        logger.error("%s", one_line(error))
        return EXIT_FAILED


def to_ingest_settings(options: argparse.Namespace) -> IngestSettings:
    return IngestSettings(
        lake=lake_of(options),
        kafka=KafkaSettings.from_env(os.environ),
        topics=tuple(CONTRACTS),
        checkpoint_dir=options.checkpoints,
        trigger_milliseconds=options.trigger_ms,
        max_records_per_batch=options.max_records,
    )


def add_ingest_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoints", type=Path, default=Path(".runtime/checkpoints/ingest"), help="disposable"
    )
    parser.add_argument("--trigger-ms", type=int, default=250, help="least time between two batches")
    parser.add_argument("--max-records", type=int, default=50_000, help="most records in one batch")


def _run(options: argparse.Namespace) -> int:
    service = IngestService(
        lambda: session(options, app_name="cryptoviz-ingest"), to_ingest_settings(options)
    )
    stop_on_signals(service)
    serve_own_metrics("ingest")
    try:
        service.run()
    except SparkLostError as error:
        logger.warning("%s; starting again from the tables' positions", error)
        os.execv(sys.executable, [sys.executable, "-m", "streaming.ingest", *sys.argv[1:]])
    return 0


def _accept_loss(options: argparse.Namespace) -> int:
    losses = accept_losses(
        lake=lake_of(options),
        kafka=KafkaSettings.from_env(os.environ),
        topics=tuple(CONTRACTS),
        reason=options.reason,
        accepted_by=options.by,
        dry_run=not options.yes,
    )
    for loss in losses:
        print(f"{'accepted' if options.yes else 'would accept'}: {loss.in_words()}")
    if not losses:
        print("nothing is lost: Kafka still has everything that the tables have not taken in")
    elif not options.yes:
        print("nothing was changed; add --yes to accept and record this")
    return 0


def _rebuild(options: argparse.Namespace) -> int:
    build = rebuild(lake=lake_of(options), reason=options.reason, progress=print, runtime_dir=_runtime_dir())
    print(f"build {build.number} ({build.build_id}) is served now; the old one was left in place")
    return 0


def _exclude(options: argparse.Namespace) -> int:
    if not options.yes:
        print(f"would exclude {find_exclusion(lake_of(options), options.place).in_words()}")
        print("nothing was changed; add --yes to exclude it, for ever")
        return 0
    build = exclude(
        lake=lake_of(options),
        place=options.place,
        reason=options.reason,
        excluded_by=options.by,
        progress=print,
        runtime_dir=_runtime_dir(),
    )
    print(f"build {build.number} ({build.build_id}) is served now, without the message")
    return 0


def _runtime_dir() -> Path:
    return Path(os.environ.get("CRYPTOVIZ_RUNTIME_DIR") or ".runtime")


def _place(text: str) -> RecordId:
    place = parse_record_id(text)
    if place is None:
        raise argparse.ArgumentTypeError(f"{text} is not TOPIC_ID/PARTITION/OFFSET")
    return place


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m streaming.ingest",
        description="From the result topics into bronze, gold, quarantine and duplicates, exactly once.",
        epilog="Kafka is named by CRYPTOVIZ_KAFKA_* variables, the lake by --lake or CRYPTOVIZ_LAKE_URI. "
        "Exit codes: 0 stopped as asked, 1 failed, 3 an operator has to decide (offsets are lost, topic compacted).",
    )
    add_lake_option(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="ingest until SIGTERM; safe to kill at any moment")
    add_spark_options(run)
    add_ingest_options(run)
    run.set_defaults(command=_run)
    accept = commands.add_parser("accept-loss", help="accept, and record for ever, that Kafka lost offsets")
    accept.add_argument(
        "--reason", required=True, help="why it happened and why it is acceptable, in your words"
    )
    accept.add_argument("--by", default=getpass.getuser(), help="who accepts it (default: this user)")
    accept.add_argument("--yes", action="store_true", help="do it; without this nothing is changed")
    accept.set_defaults(command=_accept_loss)
    again = commands.add_parser(
        "rebuild", help="make gold, quarantine and duplicates again from bronze, then serve them"
    )
    again.add_argument("--reason", required=True, help="why, for the catalogue")
    again.set_defaults(command=_rebuild)
    wrong = commands.add_parser(
        "exclude", help="take a wrong message out of gold, and rebuild what came since its day without it"
    )
    wrong.add_argument("place", type=_place, metavar="TOPIC_ID/PARTITION/OFFSET", help="where the message is")
    wrong.add_argument("--reason", required=True, help="what is wrong with it, in your words")
    wrong.add_argument("--by", default=getpass.getuser(), help="who excludes it (default: this user)")
    wrong.add_argument("--yes", action="store_true", help="do it; without this nothing is changed")
    wrong.set_defaults(command=_exclude)
    return parser


if __name__ == "__main__":
    sys.exit(main())
