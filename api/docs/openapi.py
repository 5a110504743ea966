"""OpenAPI 3.1 document of this API, made from the tables that requests are parsed and answered with."""

from functools import cache
from urllib.parse import urlencode

from api.assets.parameters import ASSET_PARAMETERS
from api.docs.answer_schemas import shared_schemas
from api.docs.code_samples import with_samples
from api.docs.history_schemas import history_name, history_schemas
from api.docs.many_schemas import many_name, many_schemas
from api.docs.overview_schemas import OVERVIEW_PATH, overview_path, overview_schemas
from api.docs.state_schemas import HEALTH, READINESS, state_schemas
from api.history.many_questions import many_parameters
from api.history.parameters import (
    PARAMETER_OF,
    PARAMETERS,
    SYMBOL_ACCEPTED,
    WIRE_NO_FILLING,
    WIRE_RAW,
    Parameter,
)
from api.history.symbol_lists import ALL_SYMBOLS, SYMBOLS
from api.http.json_schema import STRING, Document, reference
from api.http.operations import (
    ANYBODY,
    OPEN_BY_DEFAULT,
    PROBLEM_SCHEMA,
    TAGS,
    Tag,
    operation,
    problem_components,
)
from api.http.patterns import in_any_case
from api.http.renderers import TABULAR_RENDERERS
from api.http.series_names import NAME_OF_SERIES, SERIES_BY_NAME
from api.metadata.openapi import metadata_paths, metadata_schemas, security_schemes
from api.score.views import PARAMETER_NAMES as SCORE_PARAMETERS
from lakehouse.messages.contract import SYMBOL_PATTERN
from lakehouse.series.definitions import PREDICTION, Series

_INFO = """\
Histories of sentiment, predictions and prices of crypto assets; metadata.

**Time.** Instants in answers are RFC 3339 in UTC; days and buckets begin at UTC. Instants in requests are ISO 8601 (UTC
without an offset) or epoch seconds or milliseconds.

**Paging.** A history without a cursor is the newest `limite` points of its range, ascending in time. `suivant` is the
path and query of the next page, back in time, and null at the start of the range; the `Link` header has it too. All
pages are of one consistent state. Collections of rows page by `limite` and `apres`; follow `suivant` there, too.

**Errors** are `application/problem+json` (RFC 9457): `detail` says what is wrong, `parameter` where, `accepted` what
would be right. After a 429 or 503 wait for `Retry-After`.

**Words.** Paths and parameters are French, fields of points are the columns of the tables. Each parameter has an
English name, too (`x-english-name`: `period`, `start`, `limit`, ...), and is answered alike; a request has one of both.

**Rates.** Where the operator set a rate, `RateLimit` says what is left of it.
"""
EXAMPLE_SYMBOL = "btc"
_SYMBOL: Document = {
    "name": "symbol",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": in_any_case(SYMBOL_PATTERN)},
    "description": f"{SYMBOL_ACCEPTED}; upper or lower case",
    "example": EXAMPLE_SYMBOL,
}
_BINARY = ("arrow", "parquet")
_WITHOUT_BUCKETS = {"intervalle": WIRE_RAW, "remplissage": WIRE_NO_FILLING}
"""Values of the bucket parameters that a series without buckets accepts."""
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
        ("Cryptoviz-Exclus", "but in JSON, with connu_le: exclus of the envelope, as JSON"),
        ("Cryptoviz-Snapshot", "but in JSON: snapshot of the envelope, as JSON"),
    )
}


@cache
def openapi_document() -> Document:
    """Return the whole document."""
    histories = {
        f"/api/v1/{name}/{{symbol}}/historique": _history(series) for name, series in SERIES_BY_NAME.items()
    }
    of_many = {f"/api/v1/{name}/historique": _histories(series) for name, series in SERIES_BY_NAME.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "CRYPTO VIZ",
            "version": "1",
            "description": _INFO,
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
            "contact": {"name": "The operator of this server"},
        },
        "servers": [{"url": "/", "description": "the server that answers with this document"}],
        "tags": [{"name": tag.value, "description": meaning} for tag, meaning in TAGS.items()],
        "security": OPEN_BY_DEFAULT,
        "paths": with_samples(
            {
                **histories,
                **of_many,
                "/api/v1/prediction/{symbol}/score": _score(),
                OVERVIEW_PATH: overview_path(),
                **_state_paths(),
                **metadata_paths(),
            }
        ),
        "components": {
            "schemas": {
                "Problem": PROBLEM_SCHEMA,
                **shared_schemas(),
                **history_schemas(),
                **many_schemas(),
                **overview_schemas(),
                **state_schemas(),
                **metadata_schemas(),
            },
            "responses": problem_components(),
            "securitySchemes": security_schemes(),
        },
    }


def _history(series: Series) -> Document:
    parameters = [_query_parameter(parameter, series) for parameter in PARAMETERS if parameter.takes(series)]
    kinds = "Rows, or buckets of them" if series.has_buckets else "Rows"
    document = operation(
        f"{NAME_OF_SERIES[series.name]}_historique",
        Tag.HISTORIES,
        f"{series.table.grain[0].upper()}{series.table.grain[1:]}{', or buckets of it' if series.has_buckets else ''}",
        f"{kinds} of a symbol within a range of time, ascending. Try: {_links(example_urls(series))}",
        schema=reference(history_name(series)),
        meaning="one page of the history",
        failures=("404", "410"),
        parameters=[_SYMBOL, *parameters],
        security=OPEN_BY_DEFAULT,
        headers=_HEADERS,
    )
    return _tabular(document)


def _histories(series: Series) -> Document:
    name = NAME_OF_SERIES[series.name]
    path = f"/api/v1/{name}/historique?{SYMBOLS}="
    links = _links([f"{path}{EXAMPLE_SYMBOL}", f"{path}{ALL_SYMBOLS}", f"{path}{EXAMPLE_SYMBOL}&limite=500"])
    parameters = [_query_parameter(parameter, series) for parameter in many_parameters(series)]
    document = operation(
        f"{name}_historiques",
        Tag.HISTORIES,
        f"{series.table.grain[0].upper()}{series.table.grain[1:]}, of many symbols at one snapshot",
        "A series for each symbol: the answer to the same question about it alone, with a cursor of its own. "
        f"In other formats than JSON each point has its symbol. Try: {links}",
        schema=reference(many_name(series)),
        meaning="a series for each symbol",
        failures=("404", "410"),
        parameters=[each | {"required": each["name"] == SYMBOLS} for each in parameters],
        security=OPEN_BY_DEFAULT,
        headers=_HEADERS,
    )
    return _tabular(document)


def _tabular(document: Document) -> Document:
    content = document["responses"]["200"]["content"]
    for renderer in TABULAR_RENDERERS[1:]:
        content[renderer.media_type] = {"schema": {} if renderer.format in _BINARY else STRING}
    document["responses"]["304"] = {"description": "the answer that If-None-Match names is current"}
    return {"get": document}


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
    path = f"/api/v1/{NAME_OF_SERIES[series.name]}/{EXAMPLE_SYMBOL}/historique"
    return [
        f"{path}?{urlencode({parameter.name: parameter.example})}"
        for parameter in PARAMETERS
        if parameter.example is not None
        and parameter.takes(series)
        and not (parameter.name in _WITHOUT_BUCKETS and not series.has_buckets)
    ]


def _score() -> Document:
    path = f"/api/v1/prediction/{EXAMPLE_SYMBOL}/score"
    parameters = [_query_parameter(PARAMETER_OF[name], PREDICTION) for name in SCORE_PARAMETERS]
    urls = [path, *(f"{path}?{urlencode({name: PARAMETER_OF[name].example})}" for name in SCORE_PARAMETERS)]
    return {
        "get": operation(
            "prediction_score",
            Tag.HISTORIES,
            "What the forecasts of a symbol were worth, beside the random walk, over 24 h, 7 d and 30 d",
            f"Only forecasts that the broker had before their target time count. Try: {_links(urls)}",
            schema=reference("Scorecard"),
            meaning="the scorecard",
            failures=("404",),
            parameters=[_SYMBOL, *parameters],
            security=OPEN_BY_DEFAULT,
        )
    }


def _assets() -> Document:
    return {
        "get": operation(
            "actifs",
            Tag.STATE,
            "The symbols, with their first and last event",
            "Those of the catalogue in its order, then all others in alphabetical order.",
            schema=reference("AssetList"),
            meaning="a page of symbols, or the one that was asked for",
            parameters=[_query_parameter(parameter, PREDICTION) for parameter in ASSET_PARAMETERS],
            security=OPEN_BY_DEFAULT,
        )
    }


def _state_paths() -> Document:
    paths = (
        (
            "/api/v1/etat",
            "etat",
            Tag.STATE,
            "Tables, positions, freshness, lag, losses, runs of maintenance",
            "State",
        ),
    )
    read = {
        path: {
            "get": operation(
                name, tag, summary, f"{summary}.", schema=reference(schema), security=OPEN_BY_DEFAULT
            )
        }
        for path, name, tag, summary, schema in paths
    }
    return {
        "/api/v1/actifs": _assets(),
        **read,
        "/api/v1/schema": _probe("schema", "This document", {"type": "object"}),
        "/healthz": _probe("healthz", "Whether the process answers", HEALTH),
        "/readyz": _probe("readyz", "Whether the process can answer histories", READINESS),
    }


def _probe(name: str, summary: str, schema: Document) -> Document:
    return {"get": operation(name, Tag.STATE, summary, f"{summary}.", schema=schema, security=ANYBODY)}


def _links(urls: list[str]) -> str:
    return ", ".join(f"[{url}]({url})" for url in urls)
