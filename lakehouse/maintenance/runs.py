"""Records of the table service's runs: two small files a run in the lake, so that a killed one is seen as such."""

import json
import os
import socket
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from lakehouse.delta.storage import LakeLocation

N_KEPT = 500
_RUNS = "_maintenance/runs"
_BEGUN = "begun.json"
_ENDED = "ended.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceRun:
    """One run of a command that may change the lake.

    ``ended_time`` is None while it runs, and after it was killed until the next run finds its record.
    """

    run_id: str
    command: str
    host: str
    pid: int
    started_time: str
    ended_time: str | None = None
    exit_code: int | None = None
    error: str | None = None
    figures: Mapping[str, Any] | None = None


def begin_run(lake: LakeLocation, *, command: str) -> MaintenanceRun:
    """Record that a run begins. Old records beyond the newest N_KEPT are dropped."""
    now = datetime.now(UTC)
    run = MaintenanceRun(
        run_id=f"{now:%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}",
        command=command,
        host=socket.gethostname(),
        pid=os.getpid(),
        started_time=now.isoformat(),
    )
    begun = {name: value for name, value in asdict(run).items() if value is not None}
    lake.put_if_absent(_path(run.run_id, _BEGUN), json.dumps(begun).encode())
    lake.delete(lake.names(_RUNS)[: -2 * N_KEPT])
    return run


def end_run(
    lake: LakeLocation,
    run: MaintenanceRun,
    *,
    exit_code: int,
    error: str | None = None,
    figures: Mapping[str, Any] | None = None,
) -> None:
    """Record how a run ended."""
    ended = {
        "ended_time": datetime.now(UTC).isoformat(),
        "exit_code": exit_code,
        "error": error,
        "figures": figures,
    }
    lake.put_if_absent(_path(run.run_id, _ENDED), json.dumps(ended).encode())


def end_interrupted_runs(lake: LakeLocation, *, exit_code: int) -> None:
    """Record the end of runs that were killed, or left at a stop. Call it under the lake's lock. Idempotent.

    The lock covers one machine: of a lake that is not on this disk, runs of other machines stay as they are.
    """
    for run_id, has_ended in list_runs(lake).items():
        run = None if has_ended else read_run(lake, run_id)
        if run is not None and (lake.is_local or run.host == socket.gethostname()):
            end_run(lake, run, exit_code=exit_code, error="interrupted: killed, or left when asked to stop")


def read_runs(lake: LakeLocation, *, n_newest: int) -> list[MaintenanceRun]:
    """Return the newest runs, the newest first."""
    newest = sorted(list_runs(lake), reverse=True)[:n_newest]
    return [read_run(lake, run_id) for run_id in newest]


def list_runs(lake: LakeLocation) -> dict[str, bool]:
    """Return {run id: whether it ended} of every run that the lake has a record of. Ids sort as the runs began."""
    ended: dict[str, bool] = {}
    for name in lake.names(_RUNS):
        run_id, _, kind = name.rpartition("/")[2].partition(".")
        ended[run_id] = ended.get(run_id, False) or kind == _ENDED
    return ended


def read_run(lake: LakeLocation, run_id: str) -> MaintenanceRun:
    """Return one run that `list_runs` has named, as far as it has come."""
    content = json.loads(lake.read(_path(run_id, _BEGUN)) or b"{}")
    content |= json.loads(lake.read(_path(run_id, _ENDED)) or b"{}")
    return MaintenanceRun(**content)


def _path(run_id: str, kind: str) -> str:
    return f"{_RUNS}/{run_id}.{kind}"
