"""Command line of what cron runs: `python -m compaction run` brings what is derived up to date and merges files."""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace

from compaction.compact import compact_lake
from lakehouse.errors import LakehouseError, LakeNotFoundError
from lakehouse.lake import Lake
from lakehouse.rollup_refresh import refresh_rollups
from lakehouse.score_refresh import refresh_scores
from lakehouse.settings import Settings

logger = logging.getLogger("compaction")


def main() -> int:
    options = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        settings = Settings.from_environ(os.environ)
        lake = Lake((replace(settings, lake_uri=options.lake) if options.lake else settings).lake_location())
        return _repeat(lambda: options.once(lake), every_seconds=options.every)
    except LakehouseError as error:
        logger.error("%s", error)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m compaction",
        description="Keeps the tables fast: rollups up to date, few large files instead of many small.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run", help="refresh, then compact every partition that has too many small files"
    )
    run.set_defaults(once=_run)
    refresh = commands.add_parser("refresh", help="fold what is new in gold into what is derived from it")
    refresh.set_defaults(once=_refresh)
    for command in (run, refresh):
        command.add_argument(
            "--every", type=float, metavar="SECONDS", help="do it again and again; default: once"
        )
        command.add_argument(
            "--lake", metavar="URI", help="path or URI of the lake; default: the settings' lake"
        )
    return parser


def _run(lake: Lake) -> None:
    _refresh(lake)
    compact_lake(lake.location)


def _refresh(lake: Lake) -> None:
    refresh_rollups(lake)
    refresh_scores(lake)


def _repeat(once: Callable[[], None], *, every_seconds: float | None) -> int:
    """Once, or until a signal; a lake that does not exist yet is waited for."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    while True:
        try:
            once()
        except LakeNotFoundError as error:
            if every_seconds is None:
                raise
            logger.info("nothing to do yet: %s", error)
        if every_seconds is None or stopping.wait(every_seconds):
            return 0


if __name__ == "__main__":
    sys.exit(main())
