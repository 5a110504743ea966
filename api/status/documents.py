"""The JSON documents of the status: assets, and the state of the lake."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from api.maintenance.models import MaintenanceRun
from api.maintenance.selectors import MaintenanceState
from api.metadata.assets import UNKNOWN, AssetDescription
from api.status.state import LakeState, TableState
from lakehouse.errors import LakeNotFoundError
from lakehouse.lake import Lake
from lakehouse.schema.tables import ASSET_TABLES, GOLD_PRICE
from lakehouse.series.market_schedule import schedule_markets
from lakehouse.series.markets import MarketRules
from lakehouse.snapshots.symbols import EventStats, TableSymbols
from lakehouse.time_range import SECOND_US, format_us, to_us

Document = dict[str, Any]


def read_assets(*, lake: Lake, descriptions: Mapping[str, AssetDescription]) -> Document:
    """Return every symbol that a table holds, with its description.

    Raises LakeNotFoundError where no gold table exists.
    """
    snapshot = lake.snapshot(optional=tuple(spec.name for spec in ASSET_TABLES))
    tables = {name: lake.symbols.of(table) for name, table in snapshot.tables.items()}
    if not tables:
        raise LakeNotFoundError(what="any gold table", uri=lake.location.uri)
    symbols = sorted(set().union(*(table.symbols() for table in tables.values())))
    return {
        "actifs": [
            _to_asset(symbol, tables, descriptions.get(symbol, UNKNOWN), lake.market_rules)
            for symbol in symbols
        ]
    }


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


def _to_asset(
    symbol: str, tables: Mapping[str, TableSymbols], description: AssetDescription, rules: MarketRules
) -> Document:
    events = {name: stats for name, table in tables.items() if (stats := table.seen(symbol)) is not None}
    market = None
    if GOLD_PRICE.name in tables:
        market = schedule_markets(tables[GOLD_PRICE.name].activity(symbol), rules.of(symbol)).newest
    return {
        "symbol": symbol,
        "name": description.name,
        "first_event_time": format_us(min(stats.first_us for stats in events.values())),
        "last_event_time": format_us(max(stats.last_us for stats in events.values())),
        "tables": {name: _to_events(stats) for name, stats in events.items()},
        "origins": sorted({origin for table in tables.values() for origin in table.origins(symbol)}),
        "marche": None if market is None else {"venue": market.venue, "quote": market.quote},
        "enabled": description.enabled,
        "display_order": description.display_order,
        "colour": description.colour,
    }


def _to_events(stats: EventStats) -> Document:
    return {
        "count": stats.n_rows,
        "first_event_time": format_us(stats.first_us),
        "last_event_time": format_us(stats.last_us),
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
