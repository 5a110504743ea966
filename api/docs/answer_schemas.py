"""Schemas that answers share: the snapshot of a table, and the list of assets."""

from api.http.json_schema import (
    BOOLEAN,
    COUNT,
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
    reference,
)
from api.metadata.models.asset import COLOUR_PATTERN
from lakehouse.tail.store import TAIL_STATES

POSITION: Document = {
    "type": "object",
    "description": "next offset of each partition, per topic id; -1 where a partition was not seen yet",
    "additionalProperties": {"type": "array", "items": {"type": "integer", "minimum": -1}},
}
ORIGINS = described(STRINGS, "where the numbers come from: collected, generated, replay")
MARKET = described(
    object_of({"venue": described(STRING, "exchange"), "quote": described(STRING, "currency of its prices")}),
    "a market: an exchange and the currency of its prices",
)


def shared_schemas() -> Document:
    """Return {name: schema} of what answers share."""
    return {"Snapshot": _snapshot(), "Freshness": _freshness(), "AssetList": _assets(), "Asset": _asset()}


def _snapshot() -> Document:
    tail = {
        "type": "string",
        "enum": list(TAIL_STATES),
        "description": "; ".join(f"{state}: {meaning}" for state, meaning in TAIL_STATES.items()),
    }
    properties = {
        "table": described(STRING, "name of the table"),
        "version": described(COUNT, "its version, for `version` of a later request"),
        "build": described(STRING, "id of the build that it is of; a rebuild has another"),
        "position": POSITION,
        "tail": tail,
        "freshness": reference("Freshness"),
    }
    return described(object_of(properties), "one table that an answer was read from, as it stood")


def _freshness() -> Document:
    properties = {
        "event_time": described(
            nullable(TIME), "newest event of the table; null where it has none, and with connu_le"
        ),
        "event_age_seconds": described(nullable(NUMBER), "its age at the answer; null where there is none"),
    }
    return described(object_of(properties), "how old the newest event of a table is")


def _assets() -> Document:
    return object_of(
        {
            "actifs": described(
                array_of(reference("Asset")), "symbols: those of the catalogue in its order, then by name"
            ),
            "suivant": described(nullable(STRING), "path and query of the next page; null on the last one"),
        }
    )


def _asset() -> Document:
    events = object_of(
        {
            "count": described(COUNT, "rows of the symbol"),
            "first_event_time": described(TIME, "its first event"),
            "last_event_time": described(TIME, "its last event"),
        }
    )
    properties = {
        "symbol": described(STRING, "lower-case ticker, for {symbol} of the other paths"),
        "name": described(nullable(STRING), "name in the catalogue; null where it names none"),
        "first_event_time": described(TIME, "first event in any table"),
        "last_event_time": described(TIME, "last event in any table"),
        "tables": described(map_of(events), "events by table"),
        "origins": ORIGINS,
        "marche": {**nullable(MARKET), "description": "market whose prices are shown; null without prices"},
        "enabled": described(BOOLEAN, "whether the catalogue shows it"),
        "display_order": described(
            nullable(COUNT), "its place in lists; null where the catalogue gives none"
        ),
        "colour": {
            **nullable(STRING),
            "pattern": COLOUR_PATTERN,
            "description": "its colour in charts; null: none",
        },
    }
    return described(object_of(properties), "one symbol")
