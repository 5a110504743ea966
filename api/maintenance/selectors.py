"""The last runs of the table service, and whether it runs as it should."""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import DatabaseError

from api.maintenance.models import MaintenanceRun
from api.maintenance.record import take_over_runs, to_row
from lakehouse.lake import Lake
from lakehouse.maintenance.runs import read_runs
from lakehouse.time_range import SECOND_US, format_us, to_us

MISSED_AFTER_ROUNDS = 5
"""A run may take most of a round, and wait for another: it is missed when it did not begin for this many."""
_N_LOOKED_AT = 50
_SCHEDULED = "run"

Document = dict[str, Any]
logger = logging.getLogger(__name__)


def maintenance(*, lake: Lake, now_us: int, every_seconds: float) -> Document:
    """``maintenance`` lists the newest run of each command; ``maintenance_health`` says what is missed or failing.

    From the database, which is brought up to date first; where that cannot be, from the lake's own notes.
    """
    try:
        take_over_runs(lake.location)
        runs = list(MaintenanceRun.objects.filter(lake_uri=lake.location.uri)[:_N_LOOKED_AT])
    except DatabaseError as error:
        logger.warning("runs are read from the lake error=%s", error)
        runs = [to_row(run, lake.location.uri) for run in read_runs(lake.location, n_newest=_N_LOOKED_AT)]
    newest: dict[str, MaintenanceRun] = {}
    for run in runs:
        newest.setdefault(run.command, run)
    return {
        "maintenance": [_to_document(run) for run in newest.values()],
        "maintenance_health": _to_health(runs, now_us, every_seconds),
    }


def _to_health(runs: Iterable[MaintenanceRun], now_us: int, every_seconds: float) -> Document:
    """Of the scheduled runs: how long ago the last one began, whether one is missed, and how many in a row failed."""
    scheduled = [run for run in runs if run.command == _SCHEDULED]
    age_seconds = (now_us - to_us(scheduled[0].started_time)) / SECOND_US if scheduled else None
    n_failed = 0
    for run in scheduled:
        if run.ended_time is not None and run.exit_code == 0:
            break
        n_failed += run.ended_time is not None
    return {
        "every_seconds": every_seconds or None,
        "last_began_seconds_ago": age_seconds,
        "is_missed": every_seconds > 0
        and (age_seconds is None or age_seconds > MISSED_AFTER_ROUNDS * every_seconds),
        "n_failed_in_a_row": n_failed,
    }


def _to_document(run: MaintenanceRun) -> Document:
    """Of an error only its kind: the rest may name what nobody shall see."""
    return {
        "command": run.command,
        "started_time": _shown(run.started_time),
        "ended_time": None if run.ended_time is None else _shown(run.ended_time),
        "exit_code": run.exit_code,
        "error": None if run.error is None else run.error.partition(":")[0],
        "gained": run.gained,
    }


def _shown(instant: datetime) -> str:
    return format_us(to_us(instant))
