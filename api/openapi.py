"""This API as OpenAPI 3.1, made from the very tables that requests are parsed and answered with."""

from functools import cache
from typing import Any
from urllib.parse import urlencode

from api.encoding import PROBLEM_MEDIA_TYPE
from api.history.parameters import PARAMETERS, SYMBOL_ACCEPTED, Parameter
from api.rendering import TABULAR_RENDERERS
from lakehouse.buckets import NO_FILLING, RAW
from lakehouse.series import SERIES, Series
from lakehouse.table_spec import DeltaType

Document = dict[str, Any]

_TIME: Document = {"type": "string", "format": "date-time"}
_NUMBER: Document = {"type": "number"}
_COUNT: Document = {"type": "integer", "minimum": 0}
_STRING: Document = {"type": "string"}
_STRINGS: Document = {"type": "array", "items": _STRING}
_TYPES: dict[str, Document] = {
    "string": _STRING,
    "long": {"type": "integer"},
    "integer": {"type": "integer"},
    "double": _NUMBER,
    "boolean": {"type": "boolean"},
    "timestamp": _TIME,
}
_BUCKET_TYPES: dict[str, Document] = {
    "event_time": _TIME,
    "count": _COUNT,
    "positive": _COUNT,
    "negative": _COUNT,
    "origins": _STRINGS,
    "complete": {"type": "boolean"},
    "filled": {"type": "boolean"},
}
EXAMPLE_SYMBOL = "btc"
_WITHOUT_BUCKETS = {"intervalle": RAW, "remplissage": NO_FILLING}
"""What parameters of buckets may be where there are none."""
_FAILURES = ("400", "404", "406", "410", "429", "503")
_HEADERS: Document = {
    name: {"description": description, "schema": _STRING}
    for name, description in (
        ("ETag", "weak: changes when the answer would say something else"),
        ("Cache-Control", "long only where a version or an instant is pinned"),
        ("Link", "the next page back in time, rel=next, where there is one"),
        ("Vary", "what of the request the answer depends on"),
        ("Cryptoviz-Requete", "but in JSON: requete of the envelope, as JSON"),
        ("Cryptoviz-Complet", "but in JSON: complet of the envelope, as JSON"),
        ("Cryptoviz-Snapshot", "but in JSON: snapshot of the envelope, as JSON"),
    )
}
_NULLABLE_IN_BUCKETS = ("volume", "mean", "min", "max", "open", "high", "low", "close")
_NEVER_NULL = ("event_time", "made_at", "target_time", "symbol", "message_id", "origin")


@cache
def openapi_document() -> Document:
    histories = {f"/api/v1/{name}/{{symbol}}/historique": _history(series) for name, series in SERIES.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "CRYPTO VIZ",
            "version": "1",
            "description": "History of sentiment, predictions and prices",
        },
        "paths": {
            **histories,
            "/api/v1/actifs": _simple("Every symbol, with its first and last event", _assets()),
            "/api/v1/etat": _simple("Tables, positions, freshness, lag and losses", {"type": "object"}),
            "/api/v1/schema": _simple("This document", {"type": "object"}),
            "/healthz": _simple("Whether the process answers", {"type": "object"}),
            "/readyz": _simple("Whether the process can answer histories", {"type": "object"}),
        },
        "components": {"schemas": {"Problem": _problem(), "Snapshot": _snapshot()}},
    }


def _history(series: Series) -> Document:
    parameters = [_query_parameter(parameter, series) for parameter in PARAMETERS if parameter.takes(series)]
    symbol = {
        "name": "symbol",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9]{1,20}$"},
        "description": f"{SYMBOL_ACCEPTED}; upper or lower case",
        "example": EXAMPLE_SYMBOL,
    }
    return {
        "get": {
            "operationId": f"{series.name}_historique",
            "summary": f"{series.table.grain[0].upper()}{series.table.grain[1:]}, or buckets of it",
            "description": "Try: " + ", ".join(f"[{url}]({url})" for url in example_urls(series)),
            "parameters": [symbol, *parameters],
            "responses": _history_responses(series),
        }
    }


def _query_parameter(parameter: Parameter, series: Series) -> Document:
    schema: Document = dict(_STRING)
    if series.bucket_statement is None and parameter.name in _WITHOUT_BUCKETS:
        schema["enum"] = [_WITHOUT_BUCKETS[parameter.name]]
    elif parameter.one_of:
        schema["enum"] = list(parameter.one_of)
    elif parameter.between is not None:
        schema = {"type": "integer", "minimum": parameter.between[0], "maximum": parameter.between[1]}
    elif parameter.pattern is not None:
        schema["pattern"] = parameter.pattern
    elif parameter.shape is not None:
        schema["pattern"] = parameter.shape
    described: Document = {
        "name": parameter.name,
        "in": "query",
        "required": False,
        "description": f"{parameter.meaning}. Accepted: {parameter.accepted}",
        "schema": schema,
    }
    if parameter.example is not None:
        described["description"] += f". For example {parameter.example}"
    if parameter.name == "periode":
        described["example"] = (
            parameter.example
        )  # one alone: a page that fills examples in fills in all of them
    return described


def example_urls(series: Series) -> list[str]:
    """Questions that any lake with such a symbol answers: one for each parameter."""
    path = f"/api/v1/{series.name}/{EXAMPLE_SYMBOL}/historique"
    return [
        f"{path}?{urlencode({parameter.name: parameter.example})}"
        for parameter in PARAMETERS
        if parameter.example is not None
        and parameter.takes(series)
        and not (parameter.name in _WITHOUT_BUCKETS and series.bucket_statement is None)
    ]


def _history_responses(series: Series) -> Document:
    responses = _responses(_envelope(series), *_FAILURES)
    content = responses["200"]["content"]
    for renderer in TABULAR_RENDERERS[1:]:
        content[renderer.media_type] = {"schema": _STRING if renderer.format != "arrow" else {}}
    responses["200"]["headers"] = _HEADERS
    responses["304"] = {"description": "the answer that If-None-Match names still stands"}
    return responses


def _envelope(series: Series) -> Document:
    points = [_raw_point(series)]
    if series.bucket_statement is not None:
        points.append(_bucket(series))
    return _object(
        {
            "requete": {"type": "object"},
            "points": {"type": "array", "items": points[0] if len(points) == 1 else {"oneOf": points}},
            "suivant": _nullable(_STRING),
            "complet": {"type": "boolean"},
            "snapshot": {"type": "array", "items": {"$ref": "#/components/schemas/Snapshot"}},
        }
    )


def _raw_point(series: Series) -> Document:
    columns = {column.name: column for column in series.table.columns}
    properties = {
        name: {**_to_schema(name, columns[name].type), "description": columns[name].meaning}
        for name in series.raw_columns
    }
    if series.bucket_statement is None:
        meaning = "last price of the primary market at or before target_time, at most 2 minutes old; null until known"
        properties["realised_price"] = {**_nullable(_NUMBER), "description": meaning}
    return _object(properties)


def _bucket(series: Series) -> Document:
    names = (*series.bucket_columns, "complete", "filled")
    properties = {name: _BUCKET_TYPES.get(name, _NUMBER) for name in names}
    return _object(
        {name: _nullable(kind) if name in _NULLABLE_IN_BUCKETS else kind for name, kind in properties.items()}
    )


def _to_schema(name: str, delta_type: DeltaType) -> Document:
    schema = _STRINGS if isinstance(delta_type, dict) else _TYPES[delta_type]
    return schema if name in _NEVER_NULL else _nullable(schema)


def _nullable(schema: Document) -> Document:
    return {**schema, "type": [schema["type"], "null"]}


def _object(properties: Document) -> Document:
    """An object that has all of these properties and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _snapshot() -> Document:
    freshness = _object({"event_time": _nullable(_TIME), "event_age_seconds": _nullable(_NUMBER)})
    position = {
        "type": "object",
        "description": "next offset of each partition, per topic id; -1 where a partition was not seen yet",
        "additionalProperties": {"type": "array", "items": {"type": "integer", "minimum": -1}},
    }
    return _object(
        {"table": _STRING, "version": _COUNT, "build": _STRING, "position": position, "freshness": freshness}
    )


def _problem() -> Document:
    return {
        "type": "object",
        "properties": {
            "type": _STRING,
            "title": _STRING,
            "status": {"type": "integer"},
            "detail": _STRING,
            "parameter": _STRING,
            "accepted": _STRING,
            "see": _STRING,
        },
        "required": ["type", "title", "status", "detail"],
    }


def _assets() -> Document:
    seen = _object({"count": _COUNT, "first_event_time": _TIME, "last_event_time": _TIME})
    market = _nullable(_object({"venue": _STRING, "quote": _STRING}))
    asset = {
        "symbol": _STRING,
        "name": _nullable(_STRING),
        "first_event_time": _TIME,
        "last_event_time": _TIME,
        "tables": {"type": "object", "additionalProperties": seen},
        "origins": _STRINGS,
        "marche": market,
    }
    return _object({"actifs": {"type": "array", "items": _object(asset)}})


def _simple(summary: str, schema: Document) -> Document:
    return {"get": {"summary": summary, "responses": _responses(schema, "400", "406", "429", "503")}}


def _responses(schema: Document, *failures: str) -> Document:
    problem = {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answers: Document = {
        "200": {"description": "the answer", "content": {"application/json": {"schema": schema}}}
    }
    return answers | {status: {"description": "a problem", "content": problem} for status in failures}
