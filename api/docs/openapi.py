"""OpenAPI 3.1 document of this API, made from the tables that requests are parsed and answered with."""

from functools import cache
from urllib.parse import urlencode

from api.docs.answer_schemas import assets_schema, problem_schema, snapshot_schema
from api.history.parameters import (
    PARAMETER_OF,
    PARAMETERS,
    SYMBOL_ACCEPTED,
    WIRE_NO_FILLING,
    WIRE_RAW,
    Parameter,
)
from api.http.json_schema import (
    COUNT,
    NUMBER,
    STRING,
    STRINGS,
    TIME,
    Document,
    nullable,
    object_of,
    responses_of,
)
from api.http.patterns import in_any_case
from api.http.renderers import TABULAR_RENDERERS
from api.metadata.openapi import metadata_components, metadata_paths
from api.score.schema import SCORE_SCHEMA
from api.score.views import PARAMETER_NAMES as SCORE_PARAMETERS
from lakehouse.messages.contract import SYMBOL_PATTERN
from lakehouse.schema.spec import DeltaType
from lakehouse.series.aggregates import MARKET_COLUMNS
from lakehouse.series.definitions import PREDICTION, PRICE_GRACE_US, SERIES, TEXT_GRACE_US, Series
from lakehouse.time_range import MINUTE_US

_TYPES: dict[str, Document] = {
    "string": STRING,
    "long": {"type": "integer"},
    "integer": {"type": "integer"},
    "double": NUMBER,
    "boolean": {"type": "boolean"},
    "timestamp": TIME,
}
_BUCKET_TYPES: dict[str, Document] = {
    "event_time": TIME,
    "count": COUNT,
    "positive": COUNT,
    "negative": COUNT,
    "origins": STRINGS,
    "venue": STRING,
    "quote": STRING,
    "complete": {
        "type": "boolean",
        "description": "the range, retention and the asset cut nothing off, and the market's prices have passed the "
        f"bucket's end, or {PRICE_GRACE_US // MINUTE_US} min (texts: {TEXT_GRACE_US // MINUTE_US} min) have",
    },
    "filled": {"type": "boolean"},
}
_MARKETS: Document = {
    "type": "array",
    "description": "the primary market of each part of the range, ascending; asset and asset_since where an operator "
    "said that the symbol is another asset from then on",
    "items": object_of(
        {
            "venue": STRING,
            "quote": STRING,
            "start_time": TIME,
            "end_time": TIME,
            "asset": nullable(STRING),
            "asset_since": nullable(TIME),
        }
    ),
}
EXAMPLE_SYMBOL = "btc"
_SYMBOL: Document = {
    "name": "symbol",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": in_any_case(SYMBOL_PATTERN)},
    "description": f"{SYMBOL_ACCEPTED}; upper or lower case",
    "example": EXAMPLE_SYMBOL,
}
_WITHOUT_BUCKETS = {"intervalle": WIRE_RAW, "remplissage": WIRE_NO_FILLING}
"""Values of the bucket parameters that a series without buckets accepts."""
_FAILURES = ("400", "401", "403", "404", "406", "410", "429", "503")
_HEADERS: Document = {
    name: {"description": description, "schema": STRING}
    for name, description in (
        ("ETag", "weak: changes when the answer would say something else"),
        ("Cache-Control", "long only where a version or an instant is pinned"),
        ("Link", "the next page back in time, rel=next, where there is one"),
        ("Vary", "what of the request the answer depends on"),
        ("Cryptoviz-Requete", "but in JSON: requete of the envelope, as JSON"),
        ("Cryptoviz-Complet", "but in JSON: complet of the envelope, as JSON"),
        ("Cryptoviz-Retained-From", "but in JSON: retained_from of the envelope, as JSON"),
        ("Cryptoviz-Snapshot", "but in JSON: snapshot of the envelope, as JSON"),
    )
}
_NULLABLE_IN_BUCKETS = ("venue", "quote", "volume", "mean", "min", "max", "open", "high", "low", "close")
_NEVER_NULL = ("event_time", "made_at", "target_time", "symbol", "message_id", "origin")


@cache
def openapi_document() -> Document:
    """Return the whole document."""
    histories = {f"/api/v1/{name}/{{symbol}}/historique": _history(series) for name, series in SERIES.items()}
    components = metadata_components()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "CRYPTO VIZ",
            "version": "1",
            "description": "History of sentiment, predictions and prices; metadata",
        },
        "paths": {
            **histories,
            "/api/v1/prediction/{symbol}/score": _score(),
            "/api/v1/actifs": _simple("Every symbol, with its first and last event", assets_schema()),
            "/api/v1/etat": _simple(
                "Tables, positions, freshness, lag, losses and the last runs of maintenance",
                {"type": "object"},
            ),
            "/api/v1/schema": _simple("This document", {"type": "object"}),
            "/healthz": _simple("Whether the process answers", {"type": "object"}),
            "/readyz": _simple("Whether the process can answer histories", {"type": "object"}),
            **metadata_paths(),
        },
        "components": {
            "schemas": {"Problem": problem_schema(), "Snapshot": snapshot_schema(), **components["schemas"]},
            "securitySchemes": components["securitySchemes"],
        },
    }


def _history(series: Series) -> Document:
    parameters = [_query_parameter(parameter, series) for parameter in PARAMETERS if parameter.takes(series)]
    return {
        "get": {
            "operationId": f"{series.name}_historique",
            "summary": f"{series.table.grain[0].upper()}{series.table.grain[1:]}, or buckets of it",
            "description": "Try: " + ", ".join(f"[{url}]({url})" for url in example_urls(series)),
            "parameters": [_SYMBOL, *parameters],
            "responses": _history_responses(series),
        }
    }


def _query_parameter(parameter: Parameter, series: Series) -> Document:
    schema: Document = dict(STRING)
    if not series.has_buckets and parameter.name in _WITHOUT_BUCKETS:
        schema["enum"] = [_WITHOUT_BUCKETS[parameter.name]]
    elif parameter.one_of:
        schema["enum"] = list(parameter.one_of)
    elif parameter.between is not None:
        schema = {"type": "integer", "minimum": parameter.between[0], "maximum": parameter.between[1]}
    elif parameter.pattern is not None:
        schema["pattern"] = parameter.pattern
    elif parameter.shape is not None:
        schema["pattern"] = parameter.shape
    document: Document = {
        "name": parameter.name,
        "in": "query",
        "required": False,
        "description": f"{parameter.meaning}. Accepted: {parameter.accepted}",
        "schema": schema,
    }
    if parameter.example is not None:
        document["description"] += f". For example {parameter.example}"
    if parameter.name == "periode":
        document["example"] = parameter.example  # the only example: Swagger UI fills in all of them at once
    return document


def example_urls(series: Series) -> list[str]:
    """Return one URL for each parameter, which any lake with the symbol answers."""
    path = f"/api/v1/{series.name}/{EXAMPLE_SYMBOL}/historique"
    return [
        f"{path}?{urlencode({parameter.name: parameter.example})}"
        for parameter in PARAMETERS
        if parameter.example is not None
        and parameter.takes(series)
        and not (parameter.name in _WITHOUT_BUCKETS and not series.has_buckets)
    ]


def _history_responses(series: Series) -> Document:
    responses = responses_of(_envelope(series), *_FAILURES)
    content = responses["200"]["content"]
    for renderer in TABULAR_RENDERERS[1:]:
        content[renderer.media_type] = {"schema": STRING if renderer.format != "arrow" else {}}
    responses["200"]["headers"] = _HEADERS
    responses["304"] = {"description": "the answer that If-None-Match names is current"}
    return responses


def _envelope(series: Series) -> Document:
    points = [_raw_point(series)]
    if series.has_buckets:
        points.append(_bucket(series))
    markets = series.has_market or not series.has_buckets
    return object_of(
        {
            "requete": {"type": "object"},
            **({"marches": _MARKETS} if markets else {}),
            "points": {"type": "array", "items": points[0] if len(points) == 1 else {"oneOf": points}},
            "suivant": nullable(STRING),
            "complet": {"type": "boolean"},
            "retained_from": {
                **nullable(TIME),
                "description": "first instant that retention has left, where the range reaches before it and the "
                "answer lacks what was there; null where nothing is lacking",
            },
            "snapshot": {"type": "array", "items": {"$ref": "#/components/schemas/Snapshot"}},
        }
    )


def _raw_point(series: Series) -> Document:
    columns = {column.name: column for column in series.table.columns}
    properties = {
        name: {**_to_schema(name, columns[name].type), "description": columns[name].meaning}
        for name in series.raw_columns
    }
    if not series.has_buckets:
        meaning = (
            "last price at or before target_time, at most 2 minutes old, of the market that was the primary one when "
            "the forecast was made; null until known"
        )
        properties["realised_price"] = {**nullable(NUMBER), "description": meaning}
    return object_of(properties)


def _bucket(series: Series) -> Document:
    names = (*series.bucket_columns, *(MARKET_COLUMNS if series.has_market else ()), "complete", "filled")
    properties = {name: _BUCKET_TYPES.get(name, NUMBER) for name in names}
    return object_of(
        {name: nullable(kind) if name in _NULLABLE_IN_BUCKETS else kind for name, kind in properties.items()}
    )


def _to_schema(name: str, delta_type: DeltaType) -> Document:
    schema = STRINGS if isinstance(delta_type, dict) else _TYPES[delta_type]
    return schema if name in _NEVER_NULL else nullable(schema)


def _score() -> Document:
    path = f"/api/v1/prediction/{EXAMPLE_SYMBOL}/score"
    parameters = [_query_parameter(PARAMETER_OF[name], PREDICTION) for name in SCORE_PARAMETERS]
    urls = [path, *(f"{path}?{urlencode({name: PARAMETER_OF[name].example})}" for name in SCORE_PARAMETERS)]
    envelope = object_of(
        {
            "requete": {"type": "object"},
            "asset": nullable(STRING),
            "asset_since": {
                **nullable(TIME),
                "description": "from when on the symbol is this asset, where an operator said so; no earlier "
                "forecast counts",
            },
            "scores": {"type": "array", "items": SCORE_SCHEMA},
            "snapshot": {"type": "array", "items": {"$ref": "#/components/schemas/Snapshot"}},
        }
    )
    return {
        "get": {
            "operationId": "prediction_score",
            "summary": "What the forecasts of a symbol were worth, beside the random walk, over 24 h, 7 d and 30 d",
            "description": "Only forecasts that the broker had before their target time count. "
            "Try: " + ", ".join(f"[{url}]({url})" for url in urls),
            "parameters": [_SYMBOL, *parameters],
            "responses": responses_of(envelope, "400", "401", "403", "404", "406", "429", "503"),
        }
    }


def _simple(summary: str, schema: Document) -> Document:
    return {
        "get": {
            "summary": summary,
            "responses": responses_of(schema, "400", "401", "403", "406", "429", "503"),
        }
    }
