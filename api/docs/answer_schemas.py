"""Schemas of the answers that are no histories, and of what all answers share."""

from api.http.json_schema import COUNT, NUMBER, STRING, STRINGS, TIME, Document, nullable, object_of
from api.metadata.models.asset import COLOUR_PATTERN
from lakehouse.tail.store import TAIL_STATES


def snapshot_schema() -> Document:
    """Return the schema of one table in an answer's ``snapshot``."""
    freshness = object_of({"event_time": nullable(TIME), "event_age_seconds": nullable(NUMBER)})
    position = {
        "type": "object",
        "description": "next offset of each partition, per topic id; -1 where a partition was not seen yet",
        "additionalProperties": {"type": "array", "items": {"type": "integer", "minimum": -1}},
    }
    tail = {
        "type": "string",
        "enum": list(TAIL_STATES),
        "description": "; ".join(f"{state}: {meaning}" for state, meaning in TAIL_STATES.items()),
    }
    return object_of(
        {
            "table": STRING,
            "version": COUNT,
            "build": STRING,
            "position": position,
            "tail": tail,
            "freshness": freshness,
        }
    )


def problem_schema() -> Document:
    """Return the schema of a problem."""
    return {
        "type": "object",
        "properties": {
            "type": STRING,
            "title": STRING,
            "status": {"type": "integer"},
            "detail": STRING,
            "parameter": STRING,
            "accepted": STRING,
            "see": STRING,
        },
        "required": ["type", "title", "status", "detail"],
    }


def assets_schema() -> Document:
    """Return the schema of the list of assets."""
    events = object_of({"count": COUNT, "first_event_time": TIME, "last_event_time": TIME})
    market = nullable(object_of({"venue": STRING, "quote": STRING}))
    asset = {
        "symbol": STRING,
        "name": nullable(STRING),
        "first_event_time": TIME,
        "last_event_time": TIME,
        "tables": {"type": "object", "additionalProperties": events},
        "origins": STRINGS,
        "marche": market,
        "enabled": {"type": "boolean"},
        "display_order": nullable(COUNT),
        "colour": {**nullable(STRING), "pattern": COLOUR_PATTERN},
    }
    return object_of({"actifs": {"type": "array", "items": object_of(asset)}})
