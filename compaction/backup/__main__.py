"""Command line of backup and restore: `python -m compaction.backup`."""

import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compaction import entry_point
from lakehouse.errors import LockedError
from lakehouse.process.commands import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_LOCKED,
    EXIT_NEEDS_OPERATOR,
    EXIT_USAGE,
    new_app,
)
from lakehouse.process.number_option import wait_option
from lakehouse.process.stopping import end_process

if TYPE_CHECKING:
    from compaction.backup.manifest import Manifest

RETRY_SECONDS = 1.0
_EPILOG = f"""\
Contents of a backup: every table of the served build at one version, the catalogue, the records of runs; the metadata's
SQLite and the signing key; below CRYPTOVIZ_RUNTIME_DIR checkpoints/analysis, collect and the folders of --also. Not in
it: Kafka, older versions and builds, the checkpoint of ingestion (the tables hold their own positions), PostgreSQL (use
pg_dump).

create may run while everything runs; maintenance waits for it. A second backup costs only what is new: data files of
the backup before are linked. restore checks every file first and overwrites nothing. Start ingestion afterwards: it
goes on from the positions of the tables, as long as Kafka still has the messages since then.

Exit codes:
  {EXIT_DONE}   done
  {EXIT_FAILED}   failed
  {EXIT_USAGE}   an option or a setting is wrong
  {EXIT_NEEDS_OPERATOR}   damage was found
  {EXIT_LOCKED}  maintenance is at work

Examples:
  python -m compaction.backup create /backup --keep 7 --wait 120
  python -m compaction.backup check /backup/backup-20261127T021500000000Z
  python -m compaction.backup restore /backup/backup-20261127T021500000000Z --yes
"""

app = new_app("Backs up lake, metadata and checkpoints into a folder, and restores them.", epilog=_EPILOG)
main = partial(entry_point.run, app, prog="python -m compaction.backup")
Backup = Annotated[Path, typer.Argument(metavar="BACKUP", help="folder of one backup")]


@app.command(help="Create a backup, as a folder of its own in a folder of backups.")
def create(
    to: Annotated[Path, typer.Argument(metavar="FOLDER", help="folder of backups")],
    also: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="another folder below CRYPTOVIZ_RUNTIME_DIR")
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="remove all but the newest N backups afterwards; default: keep all"
        ),
    ] = None,
    wait: Annotated[float, wait_option("wait so long for maintenance to end", at_least=0, metavar="S")] = 0.0,
) -> int:
    from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

    from compaction.backup.create import create_backup
    from compaction.backup.manifest import find_older

    retrying = Retrying(
        retry=retry_if_exception_type(LockedError),
        stop=stop_after_delay(wait),
        wait=wait_fixed(RETRY_SECONDS),
        reraise=True,
    )
    folder, manifest = retrying(create_backup, entry_point.read_settings(), to, also=also or ())
    print(f"{folder}: {_summarize(manifest)}")
    for old in find_older(to, n_kept=keep) if keep else ():
        shutil.rmtree(old)
        print(f"removed {old}")
    return EXIT_DONE


@app.command(help="Read every file and compare it with the manifest.")
def check(folder: Backup) -> int:
    from compaction.backup.manifest import Manifest, find_problems

    manifest = Manifest.read(folder)
    problems = list(find_problems(folder, manifest))
    for problem in problems:
        print(problem)
    print("damaged" if problems else f"intact: {_summarize(manifest)}")
    return EXIT_NEEDS_OPERATOR if problems else EXIT_DONE


@app.command(help="Restore a backup. A dry run without --yes.")
def restore(
    folder: Backup,
    yes: Annotated[bool, typer.Option("--yes", help="do it; without this it is only checked")] = False,
) -> int:
    from compaction.backup.restore import restore_backup

    settings = entry_point.read_settings()
    manifest = restore_backup(settings, folder, dry_run=not yes)
    target = settings.lake_location().root
    print(f"{'restored to' if yes else 'would restore to'} {target}: {_summarize(manifest)}")
    if not yes:
        print("nothing was changed; add --yes to restore it")
    return EXIT_DONE


def _summarize(manifest: "Manifest") -> str:
    versions = " ".join(f"{table}@{version}" for table, version in manifest.versions.items())
    omitted = "".join(f"; without {part}" for part in manifest.without)
    return f"{len(manifest.files)} files, {manifest.n_bytes} bytes, of {manifest.created_time}, {versions}{omitted}"


if __name__ == "__main__":
    end_process(main())
