"""Command line of the table service: `python -m compaction run` makes few large files of many small ones."""

import argparse
import logging
import os
import signal
import sys
import threading

from compaction.compact import compact_lake
from lakehouse.errors import LakehouseError, LakeNotFoundError
from lakehouse.settings import Settings

logger = logging.getLogger("compaction")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m compaction",
        description="Keeps the tables fast: few large files instead of many small.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="compact every partition that has too many small files")
    run.add_argument("--every", type=float, metavar="SECONDS", help="do it again and again; default: once")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        return _run(Settings.from_environ(os.environ), every_seconds=options.every)
    except LakehouseError as error:
        logger.error("%s", error)
        return 1


def _run(settings: Settings, *, every_seconds: float | None) -> int:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    while True:
        try:
            compact_lake(settings.lake_location())
        except LakeNotFoundError as error:
            if every_seconds is None:
                raise
            logger.info("nothing to compact yet: %s", error)
        if every_seconds is None or stopping.wait(every_seconds):
            return 0


if __name__ == "__main__":
    sys.exit(main())
