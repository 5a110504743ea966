"""Command line of backup and restore: `python -m compaction.backup --help` teaches it."""

import argparse
import logging
import os
import shutil
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from compaction.backup.create import create_backup
from compaction.backup.manifest import Manifest, find_older, find_problems
from compaction.backup.restore import restore_backup
from compaction.command_line import EXIT_DONE, EXIT_FAILED, EXIT_FOUND, EXIT_LOCKED
from lakehouse.errors import LakehouseError, LockedError
from lakehouse.process.log_lines import configure_logging
from lakehouse.process.settings import Settings

logger = logging.getLogger("compaction.backup")

_LOOK_AGAIN_SECONDS = 1.0
_EPILOG = f"""\
What a backup holds: every table of the served build at one version, the catalogue, notes of runs; the metadata's SQLite
and the signing key; below CRYPTOVIZ_RUNTIME_DIR checkpoints/analysis, collect and what --also names. Not: Kafka, older
versions and builds, the checkpoint of ingestion (the tables hold their own positions), PostgreSQL (use pg_dump).

create may run while everything runs; maintenance waits for it. A second one costs what is new: data files that the
backup before has are linked. restore checks every file first and overwrites nothing. Afterwards start ingestion: it
goes on from the tables' positions, as long as Kafka still has what came since.

Exit codes: {EXIT_DONE} done, {EXIT_FAILED} failed, {EXIT_FOUND} damage was found, {EXIT_LOCKED} maintenance is at work

Examples:
  python -m compaction.backup create /backup --keep 7 --wait 120
  python -m compaction.backup check /backup/backup-20261127T021500000000Z
  python -m compaction.backup restore /backup/backup-20261127T021500000000Z --yes
"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.from_environ(os.environ)
        configure_logging(settings, sys.stderr)
        return int(options.action(options, settings))
    except LockedError as error:
        logger.warning("nothing was done: %s", error)
        return EXIT_LOCKED
    except LakehouseError as error:
        logger.error("%s", error)
        return EXIT_FAILED


def _create(options: Namespace, settings: Settings) -> int:
    folder, manifest = _create_when_free(options, settings)
    print(f"{folder}: {_in_words(manifest)}")
    for old in find_older(options.to, n_kept=options.keep) if options.keep else ():
        shutil.rmtree(old)
        print(f"removed {old}")
    return EXIT_DONE


def _create_when_free(options: Namespace, settings: Settings) -> tuple[Path, Manifest]:
    """Waits for maintenance, as long as it may."""
    deadline = time.monotonic() + options.wait
    while True:
        try:
            return create_backup(settings, options.to, also=options.also)
        except LockedError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_LOOK_AGAIN_SECONDS)


def _check(options: Namespace, _: Settings) -> int:
    manifest = Manifest.read(options.folder)
    problems = list(find_problems(options.folder, manifest))
    for problem in problems:
        print(problem)
    print("damaged" if problems else f"whole: {_in_words(manifest)}")
    return EXIT_FOUND if problems else EXIT_DONE


def _restore(options: Namespace, settings: Settings) -> int:
    manifest = restore_backup(settings, options.folder, dry_run=not options.yes)
    place = settings.lake_location().root
    print(f"{'restored to' if options.yes else 'would restore to'} {place}: {_in_words(manifest)}")
    if not options.yes:
        print("nothing was changed; add --yes to restore it")
    return EXIT_DONE


def _in_words(manifest: Manifest) -> str:
    versions = " ".join(f"{table}@{version}" for table, version in manifest.versions.items())
    lacking = "".join(f"; without {what}" for what in manifest.without)
    return f"{len(manifest.files)} files, {manifest.n_bytes} bytes, of {manifest.created_time}, {versions}{lacking}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m compaction.backup",
        description="Lake, metadata and checkpoints into a folder, and back.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    create = commands.add_parser("create", help="a new backup, as a folder of its own in a folder of backups")
    create.add_argument("to", type=Path, metavar="FOLDER", help="folder of backups")
    create.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="NAME",
        help="another folder below CRYPTOVIZ_RUNTIME_DIR",
    )
    create.add_argument(
        "--keep",
        type=_positive,
        metavar="N",
        help="afterwards remove all but the newest N, and what was cut off before them; default: keep all",
    )
    create.add_argument(
        "--wait",
        type=float,
        default=0.0,
        metavar="S",
        help="wait so long for maintenance; default: not at all",
    )
    create.set_defaults(action=_create)
    check = commands.add_parser("check", help="read every file and compare it with what was written")
    check.add_argument("folder", type=Path, metavar="BACKUP")
    check.set_defaults(action=_check)
    restore = commands.add_parser("restore", help="bring a backup back; a dry run without --yes")
    restore.add_argument("folder", type=Path, metavar="BACKUP")
    restore.add_argument("--yes", action="store_true", help="do it; without this it is only checked")
    restore.set_defaults(action=_restore)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


if __name__ == "__main__":
    sys.exit(main())
