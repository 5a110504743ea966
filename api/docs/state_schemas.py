"""Schemas of the state of the lake, and of the probes."""

from api.docs.answer_schemas import ORIGINS, POSITION
from api.http.json_schema import (
    BOOLEAN,
    COUNT,
    INTEGER,
    NUMBER,
    STRING,
    STRINGS,
    TIME,
    Document,
    array_of,
    described,
    map_of,
    nullable,
    object_of,
    open_object_of,
    reference,
)
from lakehouse.schema.spec import DeltaType, TableSpec
from lakehouse.schema.tables import CORRECTIONS, LOSSES

_TYPES: dict[str, Document] = {"string": STRING, "long": INTEGER, "integer": INTEGER, "timestamp": TIME}

HEALTH = object_of({"status": described({"type": "string", "enum": ["ok"]}, "ok: the process answers")})
READINESS = object_of(
    {
        "status": described({"type": "string", "enum": ["ready"]}, "ready: histories can be answered"),
        "versions": described(
            map_of(COUNT),
            "version of each table that histories are read from; empty where histories are closed",
        ),
    }
)


def state_schemas() -> Document:
    """Return {name: schema} of the answer of `/api/v1/etat`."""
    lag = {"known": described(BOOLEAN, "whether Kafka answers"), "lag": array_of(reference("Lag"))}
    state = {
        "build": _of_all(
            {"build": described(STRING, "id of the served build"), "number": described(COUNT, "its number")},
            "the build of the tables that is served",
        ),
        "tables": described(array_of(reference("TableState")), "every table that exists"),
        "absentes": described(STRINGS, "tables that do not exist yet"),
        "kafka": _of_all(lag | {"lag": described(lag["lag"], "by table and partition")}, "lag behind Kafka"),
        "losses": described(array_of(_decision(LOSSES)), "offsets that an operator accepted as lost"),
        "corrections": described(array_of(_decision(CORRECTIONS)), "rows that an operator excluded"),
        "maintenance": described(array_of(reference("MaintenanceState")), "the last run of each command"),
        "maintenance_health": reference("MaintenanceHealth"),
        "origins": ORIGINS,
        "notice": described(nullable(STRING), "what the operator tells readers; null: nothing"),
    }
    return {
        "State": _of_all(state, "state of the lake"),
        "TableState": _table(),
        "Lag": _lag(),
        "MaintenanceState": _run(),
        "MaintenanceHealth": _health(),
    }


def _of_all(properties: Document, meaning: str) -> Document:
    return described(open_object_of(properties, required=tuple(properties)), meaning)


def _table() -> Document:
    freshness = {
        "event_time": described(nullable(TIME), "newest event"),
        "event_age_seconds": described(nullable(NUMBER), "its age"),
        "ingest_time": described(nullable(TIME), "when the newest batch was ingested"),
        "ingest_age_seconds": described(nullable(NUMBER), "how long ago that was"),
    }
    properties = {
        "table": described(STRING, "name of the table"),
        "version": described(COUNT, "its newest version"),
        "build": described(STRING, "id of the build that it is of"),
        "position": POSITION,
        "rows": described(COUNT, "number of rows"),
        "bytes": described(COUNT, "size of the live files"),
        "files": described(COUNT, "number of live files"),
        "commit_time": described(nullable(TIME), "when its newest version was committed"),
        "retained_from": described(nullable(TIME), "first instant that retention has left; null: everything"),
        "freshness": _of_all(freshness, "how old its newest rows are"),
        "origins": ORIGINS,
    }
    return _of_all(properties, "one table as it stands")


def _lag() -> Document:
    properties = {
        "table": described(STRING, "name of the table"),
        "topic": described(STRING, "topic that it is ingested from"),
        "topic_id": described(STRING, "id of that topic"),
        "partition": described(COUNT, "partition of that topic"),
        "position": described(COUNT, "next offset to ingest"),
        "end_offset": described(COUNT, "next offset that Kafka will give"),
        "messages": described(COUNT, "offsets between the two"),
    }
    return _of_all(properties, "how far a table is behind one partition of Kafka")


def _run() -> Document:
    properties = {
        "command": described(STRING, "command of the table service"),
        "started_time": described(TIME, "when it began"),
        "ended_time": described(nullable(TIME), "when it ended; null while it runs"),
        "exit_code": described(nullable(INTEGER), "0: it succeeded; null while it runs"),
        "error": described(nullable(STRING), "kind of its error; null: none"),
        "figures": described(
            {"type": ["object", "null"]}, "what it did, in figures of its own; null while it runs"
        ),
    }
    return _of_all(properties, "one run of the table service")


def _health() -> Document:
    properties = {
        "every_seconds": described(nullable(NUMBER), "how often the service is meant to run; null: never"),
        "last_began_seconds_ago": described(nullable(NUMBER), "how long ago it last began; null: never"),
        "is_missed": described(BOOLEAN, "whether it did not run when it was meant to"),
        "n_failed_in_a_row": described(COUNT, "runs that failed since one succeeded"),
    }
    return _of_all(properties, "whether the table service runs as it is meant to")


def _decision(spec: TableSpec) -> Document:
    properties = {
        column.name: described(nullable(_to_schema(column.type)), column.meaning) for column in spec.columns
    }
    return _of_all(properties, spec.grain)


def _to_schema(delta_type: DeltaType) -> Document:
    return STRING if isinstance(delta_type, dict) else _TYPES.get(delta_type, STRING)
