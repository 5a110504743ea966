"""What the table service can be told, and the help that teaches it."""

import argparse

from compaction.version_retention import LEAST_RETENTION_HOURS
from lakehouse.messages.record_id import RecordId, parse_record_id
from lakehouse.schema.spec import RETENTION_HOURS
from lakehouse.schema.tables import TABLES

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_FOUND = 3
EXIT_LOCKED = 75
"""EX_TEMPFAIL. Source: sysexits.h."""

_EPILOG = f"""\
What to know:
  plan, fsck and history change nothing; vacuum, expire and quarantine replay are dry runs until --yes is given.
  run expires what CRYPTOVIZ_RETENTION (days by table) no longer covers; where it is not set, everything is kept.
  A run may be killed at any moment: what it had not committed did not happen, and the next one goes on from there.
  Streams, readers and other writers may go on meanwhile. Two runs never overlap: the second leaves, saying so.

Exit codes:
  {EXIT_DONE}   done, or nothing to do (a run whose budget ended is done too: the next one goes on)
  {EXIT_FAILED}   failed; what had been committed stays
  2   not understood
  {EXIT_FOUND}   fsck found something that an operator has to look at
  {EXIT_LOCKED}  another run was at work; nothing was done

Examples:
  python -m compaction plan                       what would be done, and why
  python -m compaction run --max-seconds 50       what a crontab holds, once a minute
  python -m compaction compact --table gold_price --now
  python -m compaction vacuum --retention-hours 48 --yes
  python -m compaction expire --keep bronze=30 --keep gold_price=121
  python -m compaction fsck --json || mail operator
  python -m compaction history --json
  (crontab -l; python -m compaction schedule) | crontab -
"""


def to_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m compaction",
        description="Keeps tables fast and small: few large sorted files instead of many small ones, rollups and "
        "scores up to date, checkpoints, and no file that nobody needs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    plan = commands.add_parser("plan", help="show what run would do and why; changes nothing")
    _add_choice(plan)
    _add_keep(plan)
    run = commands.add_parser(
        "run", help="refresh, expire, compact what needs it, checkpoint, vacuum: what cron calls"
    )
    _add_choice(run)
    _add_budget(run)
    _add_keep(run)
    _add_retention(run)
    _add_every(run)
    compact = commands.add_parser(
        "compact", help="rewrite small files into sorted runs, where the plan says so"
    )
    _add_choice(compact)
    compact.add_argument(
        "--engine",
        choices=("duckdb", "spark"),
        default="duckdb",
        help="what rewrites files: duckdb with delta-rs, or Spark's OPTIMIZE (needs a JDK); default: duckdb",
    )
    _add_budget(compact)
    refresh = commands.add_parser("refresh", help="fold what is new in gold into what is derived from it")
    _add_every(refresh)
    checkpoint = commands.add_parser("checkpoint", help="checkpoint logs that have grown, drop old log files")
    _add_tables(checkpoint)
    _add_retention(checkpoint)
    vacuum = commands.add_parser(
        "vacuum", help="remove files that no recent version needs; a dry run without --yes"
    )
    _add_tables(vacuum)
    _add_retention(vacuum)
    vacuum.add_argument("--yes", action="store_true", help="do it; without this files are only counted")
    vacuum.add_argument(
        "--force", action="store_true", help=f"allow a retention below {LEAST_RETENTION_HOURS} h"
    )
    expire = commands.add_parser(
        "expire", help="drop the days that tables no longer keep; a dry run without --yes"
    )
    _add_tables(expire)
    _add_keep(expire)
    expire.add_argument("--yes", action="store_true", help="do it; without this days are only counted")
    history = commands.add_parser("history", help="what ran, when, and what it gained; changes nothing")
    history.add_argument("--last", type=_positive, default=20, metavar="N", help="runs to show; default: 20")
    fsck = commands.add_parser(
        "fsck", help="check files, rows and records against the log, bronze and each other; changes nothing"
    )
    fsck.add_argument(
        "--deep", action="store_true", help="read every page of every file, not only its footer"
    )
    quarantine = commands.add_parser(
        "quarantine",
        help="messages that could not become gold: list them by rule, show one, or replay what is good by now",
    )
    quarantine.add_argument(
        "action",
        nargs="?",
        choices=("list", "show", "replay"),
        default="list",
        help="replay publishes messages again that the contract accepts now; a dry run without --yes",
    )
    quarantine.add_argument(
        "places",
        nargs="*",
        type=_place,
        metavar="TOPIC_ID/PARTITION/OFFSET",
        help="the message to show, or those to replay, as the list names them",
    )
    quarantine.add_argument("--rule", help="replay only what broke this rule")
    quarantine.add_argument(
        "--yes", action="store_true", help="publish; without this messages are only counted"
    )
    schedule = commands.add_parser(
        "schedule", help="print a crontab (or systemd units) that calls run each minute; installs nothing"
    )
    schedule.add_argument("--systemd", action="store_true", help="a service and a timer instead of a crontab")
    for command in commands.choices.values():
        command.add_argument(
            "--lake", metavar="URI", help="path or URI of the lake; default: the settings' lake"
        )
        command.add_argument("--json", action="store_true", help="one JSON document on stdout, for machines")
    return parser


def _add_tables(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--table",
        action="append",
        choices=sorted(TABLES),
        default=[],
        metavar="NAME",
        help="only this table; may be repeated; default: all",
    )


def _add_choice(parser: argparse.ArgumentParser) -> None:
    _add_tables(parser)
    parser.add_argument(
        "--now", action="store_true", help="do not wait an hour for late rows of a day that is over"
    )


def _add_keep(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="TABLE=DAYS",
        help="days that a table keeps; may be repeated; default: CRYPTOVIZ_RETENTION",
    )


def _add_budget(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-seconds", type=float, metavar="S", help="begin no task after this long; the next run goes on"
    )
    parser.add_argument(
        "--max-bytes",
        type=_positive,
        metavar="N",
        help="begin no task once this many bytes were rewritten",
    )


def _add_retention(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--retention-hours",
        type=int,
        default=RETENTION_HOURS,
        metavar="H",
        help="keep what a version of the last H hours needs, its commits and files, for readers and time travel; "
        f"at least {LEAST_RETENTION_HOURS}; default: {RETENTION_HOURS}",
    )


def _add_every(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--every", type=float, metavar="SECONDS", help="do it again and again; default: once")


def _positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


def _place(text: str) -> RecordId:
    place = parse_record_id(text)
    if place is None:
        raise argparse.ArgumentTypeError(f"{text} is not TOPIC_ID/PARTITION/OFFSET")
    return place
