"""The newest runs of the table service, and whether it runs when it is due."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import DatabaseError

from api.maintenance.models import MaintenanceRun
from api.maintenance.record import copy_runs, to_row
from lakehouse.lake import Lake
from lakehouse.maintenance.runs import read_runs
from lakehouse.time_range import SECOND_US, to_us

MISSED_AFTER_ROUNDS = 5
"""A run may take most of a round, and wait for another: it is missed when it did not begin for this many."""
_N_RECENT = 50
_SCHEDULED = "run"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceState:
    """The newest run of each command, and the health of the scheduled runs; ``every_seconds`` 0: none is due."""

    newest_runs: Sequence[MaintenanceRun]
    every_seconds: float
    last_began_seconds_ago: float | None
    is_missed: bool
    n_failed_in_a_row: int


def read_maintenance(*, lake: Lake, now_us: int, every_seconds: float) -> MaintenanceState:
    """Return the state of the table service, from the database, which is brought up to date first.

    Where the database cannot be used the lake's own records answer.
    """
    runs = _recent_runs(lake)
    newest: dict[str, MaintenanceRun] = {}
    for run in runs:
        newest.setdefault(run.command, run)
    scheduled = [run for run in runs if run.command == _SCHEDULED]
    age_seconds = (now_us - to_us(scheduled[0].started_time)) / SECOND_US if scheduled else None
    return MaintenanceState(
        newest_runs=list(newest.values()),
        every_seconds=every_seconds,
        last_began_seconds_ago=age_seconds,
        is_missed=every_seconds > 0
        and (age_seconds is None or age_seconds > MISSED_AFTER_ROUNDS * every_seconds),
        n_failed_in_a_row=_count_failed(scheduled),
    )


def _recent_runs(lake: Lake) -> list[MaintenanceRun]:
    try:
        copy_runs(lake.location)
        return list(MaintenanceRun.objects.filter(lake_uri=lake.location.uri)[:_N_RECENT])
    except DatabaseError as error:
        logger.warning("runs are read from the lake error=%s", error)
        return [to_row(run, lake.location.uri) for run in read_runs(lake.location, n_newest=_N_RECENT)]


def _count_failed(newest_first: Sequence[MaintenanceRun]) -> int:
    """Return the number of ended runs since the last one that succeeded."""
    n_failed = 0
    for run in newest_first:
        if run.ended_time is not None and run.exit_code == 0:
            break
        n_failed += run.ended_time is not None
    return n_failed
