"""The paths of metadata and access as OpenAPI 3.1, made from the models and tables that bodies are checked with."""

from dataclasses import dataclass
from typing import Any

from api.access.scopes import SCOPES
from api.encoding import PROBLEM_MEDIA_TYPE
from api.json_schema import COUNT, STRING, STRINGS, TIME, Document, nullable, object_of
from api.metadata.configuration import KEYS
from api.metadata.models import Source
from api.metadata.models.asset import ALIAS_KINDS, ALIAS_MAX_CHARACTERS, MAX_ALIASES
from api.metadata.view_parameters import parameters_schema
from api.resources import AFTER, DEFAULT_ROWS, LIMIT, MOST_ROWS

_BOOLEAN: Document = {"type": "boolean"}
_NAME: Document = {"type": "string", "minLength": 1, "maxLength": 80}
_STAMPS: Document = {"version": COUNT, "changed_time": TIME}
_ALIASES: Document = {
    "type": "object",
    "properties": {
        kind: {
            "type": "array",
            "maxItems": MAX_ALIASES,
            "items": {"type": "string", "minLength": 1, "maxLength": ALIAS_MAX_CHARACTERS},
            "description": meaning,
        }
        for kind, meaning in ALIAS_KINDS.items()
    },
    "additionalProperties": False,
}
_ASSET: Document = {
    "name": _NAME,
    "aliases": _ALIASES,
    "enabled": _BOOLEAN,
    "display_order": {"type": "integer", "minimum": 0, "maximum": 32767},
    "colour": {"type": "string", "pattern": "^(#[0-9a-f]{6})?$"},
}
_SOURCE: Document = {
    "kind": {"type": "string", "enum": Source.Kind.values},
    "title": {"type": "string", "minLength": 1, "maxLength": 120},
    "url": {"type": "string", "maxLength": 500},
    "language": {"type": "string", "pattern": "^([a-z]{2})?$"},
    "enabled": _BOOLEAN,
}
_PARAMETERS: Document = {"$ref": "#/components/schemas/ViewParameters"}
_VIEW: Document = {"name": _NAME, "parameters": _PARAMETERS, "shared": _BOOLEAN}
_VALUE: Document = {"value": {"oneOf": [key.schema for key in KEYS.values()]}}
_TOKEN: Document = {
    "name": _NAME,
    "scopes": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": list(SCOPES)}},
    "days": {"type": "integer", "minimum": 1, "maximum": 3650},
}
_TOKEN_SHOWN: Document = {
    "id": COUNT,
    "name": STRING,
    "key": STRING,
    "scopes": STRINGS,
    "created_time": TIME,
    "expires_time": TIME,
    "last_used_time": nullable(TIME),
}
_RUN: Document = {
    "run_id": STRING,
    "lake_uri": STRING,
    "command": STRING,
    "host": STRING,
    "pid": {"type": "integer"},
    "started_time": TIME,
    "ended_time": nullable(TIME),
    "exit_code": nullable({"type": "integer"}),
    "error": nullable(STRING),
    "gained": {"type": ["object", "null"]},
}
_PROBLEM: Document = {
    "description": "a problem",
    "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_ANYBODY: list[Document] = [{}, {"token": []}, {"session": []}]
_IF_MATCH: Document = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "schema": STRING,
    "description": "the ETag of what is changed, or *",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of row: its collection's path, how one is named there, and its members.

    ``creates`` are a new row's members, and of them those that must be given; ``changes`` those that PATCH takes.
    """

    path: str
    noun: str
    shown: Document
    scope: str
    identity: Document | None = None
    creates: tuple[Document, tuple[str, ...]] | None = None
    created: Document | None = None
    changes: Document | None = None
    deletes: bool = True
    is_versioned: bool = True
    reads_openly: bool = False


_CONFIGURATION: Document = {"name": STRING, **_VALUE, "default": {}, "meaning": STRING, **_STAMPS}
_SYMBOL: Document = {"name": "symbol", "schema": {"type": "string", "pattern": "^[a-z0-9]{1,20}$"}}
_SOURCE_NAME: Document = {
    "name": "name",
    "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"},
}
_ID: Document = {"name": "id", "schema": {"type": "integer", "minimum": 1}}
_UUID: Document = {"name": "id", "schema": {"type": "string", "format": "uuid"}}
_KEY: Document = {"name": "name", "schema": {"type": "string", "enum": list(KEYS)}}

RESOURCES = (
    Resource(
        path="catalogue/actifs",
        noun="asset",
        shown={"symbol": STRING, **_ASSET, **_STAMPS},
        scope="catalogue:write",
        identity=_SYMBOL,
        creates=({"symbol": _SYMBOL["schema"], **_ASSET}, ("symbol", "name")),
        changes=_ASSET,
        reads_openly=True,
    ),
    Resource(
        path="catalogue/sources",
        noun="source",
        shown={"name": STRING, **_SOURCE, **_STAMPS},
        scope="catalogue:write",
        identity=_SOURCE_NAME,
        creates=({"name": _SOURCE_NAME["schema"], **_SOURCE}, ("name", "kind", "title")),
        changes=_SOURCE,
        reads_openly=True,
    ),
    Resource(
        path="vues",
        noun="saved view of one's own",
        shown={
            "id": STRING,
            "name": STRING,
            "parameters": _PARAMETERS,
            "link": nullable(STRING),
            "created_time": TIME,
            **_STAMPS,
        },
        scope="views:write",
        identity=_UUID,
        creates=(_VIEW, ("name", "parameters")),
        changes=_VIEW,
    ),
    Resource(
        path="jetons",
        noun="token of one's own",
        shown=_TOKEN_SHOWN,
        scope="",
        identity=_ID,
        creates=(_TOKEN, ("name", "scopes")),
        created={**_TOKEN_SHOWN, "token": STRING},
        is_versioned=False,
    ),
    Resource(
        path="configuration",
        noun="value that staff may change",
        shown=_CONFIGURATION,
        scope="configuration",
        identity=_KEY,
        changes=_VALUE,
        deletes=False,
    ),
    Resource(path="maintenance", noun="run of the table service", shown=_RUN, scope="configuration"),
)


def metadata_paths() -> Document:
    paths: Document = {}
    for resource in RESOURCES:
        paths |= _paths_of(resource)
    change = {"version": COUNT, "old_value": {}, "new_value": {}, "changed_time": TIME, "changed_by": STRING}
    history = Resource(path="", noun="change of a value", shown=change, scope="configuration")
    shared = {"name": STRING, "parameters": _PARAMETERS, "changed_time": TIME}
    session = {
        "user": nullable(STRING),
        "is_staff": _BOOLEAN,
        "scopes": STRINGS,
        "csrf_token": nullable(STRING),
        "sign_in": STRING,
    }
    link = {"name": "link", "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"}}
    return {
        **paths,
        "/api/v1/configuration/{name}/historique": {
            "parameters": [_in_path(_KEY)],
            "get": _list(history),
        },
        "/api/v1/vues/partagees/{link}": {
            "parameters": [_in_path(link)],
            "get": _operation("The view that a link shares", object_of(shared), "404", security=_ANYBODY),
        },
        "/api/v1/session": {
            "get": _operation("Who one is, and the CSRF token", object_of(session), security=_ANYBODY)
        },
    }


def metadata_components() -> Document:
    return {
        "schemas": parameters_schema(),
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "description": _scopes_described()},
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": "sessionid",
                "description": "signed in at /connexion; changes need X-CSRFToken, which /api/v1/session tells",
            },
        },
    }


def _scopes_described() -> str:
    return "; ".join(f"{scope}: {meaning}" for scope, meaning in SCOPES.items())


def _paths_of(resource: Resource) -> Document:
    collection: Document = {"get": _list(resource)}
    if resource.creates is not None:
        members, required = resource.creates
        collection["post"] = _operation(
            f"A new {resource.noun}",
            object_of(resource.created or resource.shown),
            "409",
            "413",
            "415",
            status="201",
            body=_body(members, required),
            security=_security(resource),
        )
    paths: Document = {f"/api/v1/{resource.path}": collection}
    if resource.identity is not None:
        name = resource.identity["name"]
        paths[f"/api/v1/{resource.path}/{{{name}}}"] = _item(resource, resource.identity)
    return paths


def _item(resource: Resource, identity: Document) -> Document:
    conditions = ("412", "428") if resource.is_versioned else ()
    item: Document = {
        "parameters": [_in_path(identity)],
        "get": _operation(
            f"One {resource.noun}",
            object_of(resource.shown),
            "404",
            security=_ANYBODY if resource.reads_openly else _security(resource),
        ),
    }
    headers = [_IF_MATCH] if resource.is_versioned else []
    if resource.changes is not None:
        item["patch"] = _operation(
            f"Changes members of one {resource.noun}",
            object_of(resource.shown),
            *("404", "409", "413", "415", *conditions),
            body=_body(resource.changes, ()),
            parameters=headers,
            security=_security(resource),
        )
    if resource.deletes:
        item["delete"] = _operation(
            f"Removes one {resource.noun}",
            None,
            *("404", *conditions),
            status="204",
            parameters=headers,
            security=_security(resource),
        )
    return item


def _list(resource: Resource) -> Document:
    page = object_of(
        {"elements": {"type": "array", "items": object_of(resource.shown)}, "suivant": nullable(STRING)}
    )
    parameters: list[Document] = [
        {
            "name": LIMIT,
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": DEFAULT_ROWS},
        },
        {"name": AFTER, "in": "query", "schema": STRING, "description": "as `suivant` has it"},
    ]
    security = _ANYBODY if resource.reads_openly else _security(resource)
    return _operation(f"Every {resource.noun}, by pages", page, parameters=parameters, security=security)


def _security(resource: Resource) -> list[Document]:
    return [{"token": []}, {"session": []}] if resource.scope else [{"session": []}]


def _in_path(identity: Document) -> Document:
    return {"in": "path", "required": True, **identity}


def _body(members: Document, required: tuple[str, ...]) -> Document:
    schema = {"type": "object", "properties": members, "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _operation(
    summary: str,
    schema: Document | None,
    *failures: str,
    status: str = "200",
    body: Document | None = None,
    parameters: list[Document] | None = None,
    security: list[Document],
) -> Document:
    answer: Document = {"description": "the answer"}
    if schema is not None:
        answer["content"] = {"application/json": {"schema": schema}}
    operation: dict[str, Any] = {
        "summary": summary[0].upper() + summary[1:],
        "security": security,
        "responses": {status: answer}
        | dict.fromkeys(("400", "401", "403", "406", "429", "503", *failures), _PROBLEM),
    }
    if parameters:
        operation["parameters"] = parameters
    if body is not None:
        operation["requestBody"] = body
    return operation
