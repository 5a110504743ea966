"""An example of each operation, as the curl command that asks it."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from api.http.json_schema import Document

SERVER = "http://127.0.0.1:8000"
PATH_VALUES: Mapping[str, str] = {
    "{symbol}": "btc",
    "entites/{name}": "entites/binance",
    "sources/{name}": "sources/simx",
    "configuration/{name}": "configuration/notice",
    "{id}": "1",
    "{link}": "0f8fad5b-d9cb-469f-a165-70867728950e",
}
QUERIES: Mapping[str, str] = {
    "sentiment_historique": "periode=24h&intervalle=1h",
    "prediction_historique": "periode=24h&horizon=1h",
    "prix_historique": "periode=30d&intervalle=1d&fuseau=Europe/Paris",
    "sentiment_historiques": "symboles=tous&periode=7d&intervalle=1h",
    "prediction_historiques": "symboles=btc&horizon=24h",
    "prix_historiques": "symboles=btc&periode=24h&intervalle=1h",
    "prediction_score": "horizon=1h",
    "apercu": "symboles=btc",
}
BODIES: Mapping[str, Document] = {
    "catalogue_actifs_create": {"symbol": "mytoken", "name": "My Token", "aliases": {"words": ["My Token"]}},
    "catalogue_actifs_update": {"enabled": False},
    "catalogue_entites_create": {"name": "acme", "title": "Acme", "kind": "company"},
    "catalogue_entites_update": {"title": "Binance"},
    "catalogue_sources_create": {"name": "my-feed", "kind": "news", "title": "My feed"},
    "catalogue_sources_update": {"enabled": False},
    "vues_create": {"name": "My week", "parameters": {"symbol": "btc"}, "shared": True},
    "vues_update": {"name": "My week"},
    "jetons_create": {"name": "notebook", "scopes": ["history:read"], "days": 30},
    "configuration_update": {"value": "Maintenance on Sunday"},
}
_PUBLIC: Document = {}


def with_samples(paths: Document) -> Document:
    """Return path items whose operations have an example, for readers of the document (`x-codeSamples`)."""
    return {
        path: {name: _with_sample(path, name, member) for name, member in item.items()}
        for path, item in paths.items()
    }


def example_path(path: str, operation_id: str) -> str:
    """Return the path and query of an operation's example.

    >>> example_path("/api/v1/prediction/{symbol}/score", "prediction_score")
    '/api/v1/prediction/btc/score?horizon=1h'
    """
    for placeholder, value in PATH_VALUES.items():
        path = path.replace(placeholder, value)
    return f"{path}?{QUERIES[operation_id]}" if operation_id in QUERIES else path


def _with_sample(path: str, method: str, member: Any) -> Any:
    if method == "parameters":
        return member
    sample = {"lang": "Shell", "label": "curl", "source": _to_curl(path, method, member)}
    return {**member, "x-codeSamples": [sample]}


def _to_curl(path: str, method: str, operation: Document) -> str:
    words = ["curl"]
    if method != "get":
        words += ["-X", method.upper()]
    if _PUBLIC not in operation["security"] and operation["security"]:
        words += ["-H", "Authorization: Bearer $TOKEN"]
    if any(each["name"] == "If-Match" for each in operation.get("parameters", [])):
        words += ["-H", 'If-Match: "1"']
    if operation["operationId"] in BODIES:
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(BODIES[operation["operationId"]])]
    words.append(SERVER + example_path(path, operation["operationId"]))
    return shlex.join(words).replace("'Authorization: Bearer $TOKEN'", '"Authorization: Bearer $TOKEN"')
