"""OpenAPI 3.1 of metadata and accounts, made from the models and tables that bodies are validated with."""

from typing import Any

from api.access.scopes import SCOPES
from api.http.json_schema import COUNT, STRING, STRINGS, TIME, Document, nullable, object_of, responses_of
from api.metadata.models.saved_view import LINK_PATTERN
from api.metadata.resource_table import BOOLEAN, CONFIGURATION_KEY, PARAMETERS, RESOURCES, Resource
from api.metadata.view_parameters import parameters_schema
from api.resources.views import AFTER, DEFAULT_ROWS, LIMIT, MAX_ROWS

_ANYBODY: list[Document] = [{}, {"token": []}, {"session": []}]
_IF_MATCH: Document = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "schema": STRING,
    "description": "the ETag of what is changed, or *",
}


def metadata_paths() -> Document:
    """Return {path: operations}."""
    paths: Document = {}
    for resource in RESOURCES:
        paths |= _paths_of(resource)
    change = {"version": COUNT, "old_value": {}, "new_value": {}, "changed_time": TIME, "changed_by": STRING}
    history = Resource(path="", noun="change of a value", shown=change, scope="configuration")
    shared = {"name": STRING, "parameters": PARAMETERS, "changed_time": TIME}
    session = {
        "user": nullable(STRING),
        "is_staff": BOOLEAN,
        "scopes": STRINGS,
        "csrf_token": nullable(STRING),
        "sign_in": STRING,
    }
    link = {"name": "link", "schema": {"type": "string", "pattern": LINK_PATTERN}}
    return {
        **paths,
        "/api/v1/configuration/{name}/historique": {
            "parameters": [_in_path(CONFIGURATION_KEY)],
            "get": _list(history, "404"),
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
    """Return the schemas and security schemes that the paths refer to."""
    return {
        "schemas": parameters_schema(),
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "description": _scopes_described()},
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": "sessionid",
                "description": "signed in at /connexion; changes need X-CSRFToken, which /api/v1/session gives",
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


def _list(resource: Resource, *failures: str) -> Document:
    page = object_of(
        {"elements": {"type": "array", "items": object_of(resource.shown)}, "suivant": nullable(STRING)}
    )
    parameters: list[Document] = [
        {
            "name": LIMIT,
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": MAX_ROWS, "default": DEFAULT_ROWS},
        },
        {"name": AFTER, "in": "query", "schema": STRING, "description": "as `suivant` has it"},
    ]
    security = _ANYBODY if resource.reads_openly else _security(resource)
    return _operation(
        f"Every {resource.noun}, by pages", page, *failures, parameters=parameters, security=security
    )


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
    operation: dict[str, Any] = {
        "summary": summary[0].upper() + summary[1:],
        "security": security,
        "responses": responses_of(schema, "400", "401", "403", "406", "429", "503", *failures, status=status),
    }
    if parameters:
        operation["parameters"] = parameters
    if body is not None:
        operation["requestBody"] = body
    return operation
