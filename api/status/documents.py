"""The JSON document of the state of the lake."""

from dataclasses import asdict
from typing import Any

from api.maintenance.models import MaintenanceRun
from api.maintenance.selectors import MaintenanceState
from api.status.state import LakeState, TableState
from lakehouse.time_range import SECOND_US, format_us, to_us

Document = dict[str, Any]


def to_state_document(state: LakeState, *, notice: str = "") -> Document:
    """Return the answer of `/api/v1/etat`."""
    return {
        "build": {"build": state.build.build_id, "number": state.build.number},
        "tables": [_to_table(table, state.now_us) for table in state.tables],
        "absentes": state.absent,
        "kafka": {
            "known": state.is_kafka_known,
            "lag": [asdict(lag) | {"messages": lag.n_messages} for lag in state.lags],
        },
        "losses": state.losses,
        "corrections": state.corrections,
        "maintenance": [_to_run(run) for run in state.maintenance.newest_runs],
        "maintenance_health": _to_health(state.maintenance),
        "origins": state.origins,
        "notice": notice or None,
    }


def _to_table(table: TableState, now_us: int) -> Document:
    return {
        "table": table.name,
        "version": table.version,
        "build": table.build_id,
        "position": table.position.to_json(),
        "rows": table.n_rows,
        "bytes": table.n_bytes,
        "files": table.n_files,
        "commit_time": _format(table.commit_time_us),
        "retained_from": _format(table.retained_from_us),
        "freshness": {
            "event_time": _format(table.newest_event_us),
            "event_age_seconds": _age_seconds(table.newest_event_us, now_us),
            "ingest_time": _format(table.newest_ingest_us),
            "ingest_age_seconds": _age_seconds(table.newest_ingest_us, now_us),
        },
        "origins": table.origins,
    }


def _to_run(run: MaintenanceRun) -> Document:
    """Return a run with the kind of its error alone: the rest may name what readers must not see."""
    return {
        "command": run.command,
        "started_time": format_us(to_us(run.started_time)),
        "ended_time": None if run.ended_time is None else format_us(to_us(run.ended_time)),
        "exit_code": run.exit_code,
        "error": None if run.error is None else run.error.partition(":")[0],
        "figures": run.figures,
    }


def _to_health(maintenance: MaintenanceState) -> Document:
    return {
        "every_seconds": maintenance.every_seconds or None,
        "last_began_seconds_ago": maintenance.last_began_seconds_ago,
        "is_missed": maintenance.is_missed,
        "n_failed_in_a_row": maintenance.n_failed_in_a_row,
    }


def _format(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_us(instant_us)


def _age_seconds(instant_us: int | None, now_us: int) -> float | None:
    return None if instant_us is None else (now_us - instant_us) / SECOND_US
