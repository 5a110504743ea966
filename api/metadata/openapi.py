"""OpenAPI 3.1 of metadata and accounts, made from the models and tables that bodies are validated with."""

from api.access.scopes import SCOPES
from api.http.json_schema import STRING, Document, array_of, described, nullable, object_of, reference
from api.http.operations import OPEN_BY_DEFAULT, PERSON, SIGNED_IN, Tag, operation
from api.metadata.models.saved_view import LINK_PATTERN
from api.metadata.resource_table import (
    CHANGE,
    CONFIGURATION_KEY,
    RESOURCES,
    SESSION,
    SHARED_VIEW,
    Resource,
)
from api.metadata.view_parameters import parameters_schema
from api.resources.views import AFTER, DEFAULT_ROWS, LIMIT, MAX_ROWS

_LINK: Document = {
    "name": "link",
    "description": "last part of the view's `link`",
    "schema": {"type": "string", "pattern": LINK_PATTERN},
}
_IF_MATCH: Document = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "schema": STRING,
    "description": "the ETag of what is changed, or *",
}
_PAGE: list[Document] = [
    {
        "name": LIMIT,
        "in": "query",
        "description": "most rows of a page",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_ROWS, "default": DEFAULT_ROWS},
    },
    {"name": AFTER, "in": "query", "schema": STRING, "description": "where to go on, as `suivant` has it"},
]
_ETAG: Document = {"ETag": {"description": "version of the row, for If-Match of a change", "schema": STRING}}
_LOCATION: Document = {"Location": {"description": "path of the new row", "schema": STRING}}


def metadata_paths() -> Document:
    """Return {path: operations}."""
    paths: Document = {}
    for resource in RESOURCES:
        paths |= _paths_of(resource)
    return {
        **paths,
        "/api/v1/configuration/{name}/historique": {
            "parameters": [_in_path(CONFIGURATION_KEY)],
            "get": _configuration_history(),
        },
        "/api/v1/vues/partagees/{link}": {"parameters": [_in_path(_LINK)], "get": _shared_view()},
        "/api/v1/session": {"get": _session()},
    }


def metadata_schemas() -> Document:
    """Return the schemas that the paths refer to."""
    schemas: Document = {
        "SharedView": described(object_of(SHARED_VIEW), "view that a link shares"),
        "Session": described(object_of(SESSION), "who the request comes from"),
        "ConfigurationChange": described(object_of(CHANGE), "change of a value"),
        "ConfigurationChangePage": _page("ConfigurationChange"),
    }
    for resource in RESOURCES:
        schemas[resource.schema] = described(object_of(resource.shown), resource.noun)
        schemas[f"{resource.schema}Page"] = _page(resource.schema)
        if resource.created is not None:
            schemas[f"New{resource.schema}"] = described(
                object_of(resource.created), f"{resource.noun}, just made"
            )
        if resource.creates is not None:
            schemas[f"{resource.schema}Creation"] = _body_schema(*resource.creates, f"a new {resource.noun}")
        if resource.changes is not None:
            meaning = f"members of a {resource.noun} to change; the others stay"
            schemas[f"{resource.schema}Change"] = _body_schema(resource.changes, (), meaning)
    return {**schemas, **parameters_schema()}


def security_schemes() -> Document:
    """Return the ways to sign in."""
    scopes = "; ".join(f"{scope}: {meaning}" for scope, meaning in SCOPES.items())
    return {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": f"a token of /api/v1/jetons. Scopes: {scopes}",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "signed in at /connexion; changes need X-CSRFToken, which /api/v1/session gives",
        },
    }


def _configuration_history() -> Document:
    return operation(
        "configuration_historique",
        Tag.OPERATION,
        "Every change of a value, by pages",
        "The newest change comes first.",
        schema=reference("ConfigurationChangePage"),
        failures=("404",),
        parameters=_PAGE,
        security=SIGNED_IN,
    )


def _shared_view() -> Document:
    return operation(
        "vues_partagees",
        Tag.VIEWS,
        "The view that a link shares",
        "Its owner shares it by `shared`, and withdraws it in the same way.",
        schema=reference("SharedView"),
        failures=("404",),
        security=OPEN_BY_DEFAULT,
        headers=_ETAG,
    )


def _session() -> Document:
    return operation(
        "session",
        Tag.ACCOUNTS,
        "Who one is, and the CSRF token",
        "Without a session or token `user` is null.",
        schema=reference("Session"),
        security=OPEN_BY_DEFAULT,
    )


def _paths_of(resource: Resource) -> Document:
    collection: Document = {"get": _list(resource)}
    if resource.creates is not None:
        created = resource.schema if resource.created is None else f"New{resource.schema}"
        collection["post"] = operation(
            f"{resource.operations}_create",
            resource.tag,
            f"A new {resource.noun}",
            "409 where it would contradict another row.",
            schema=reference(created),
            meaning=f"the new {resource.noun}",
            failures=("409", "413", "415"),
            status="201",
            body=_body(f"{resource.schema}Creation"),
            security=_security(resource),
            headers={**_LOCATION, **(_ETAG if resource.is_versioned else {})},
        )
    paths: Document = {f"/api/v1/{resource.path}": collection}
    if resource.identity is not None:
        name = resource.identity["name"]
        paths[f"/api/v1/{resource.path}/{{{name}}}"] = _item(resource, resource.identity)
    return paths


def _item(resource: Resource, identity: Document) -> Document:
    get = operation(
        f"{resource.operations}_get",
        resource.tag,
        f"One {resource.noun}",
        f"404 where there is no such {resource.noun}.",
        schema=reference(resource.schema),
        failures=("404",),
        security=OPEN_BY_DEFAULT if resource.reads_openly else _security(resource),
        headers=_ETAG if resource.is_versioned else {},
    )
    item: Document = {"parameters": [_in_path(identity)], "get": get}
    if resource.changes is not None:
        item["patch"] = _update(resource)
    if resource.deletes and resource.creates is not None:
        item["delete"] = _delete(resource)
    return item


def _update(resource: Resource) -> Document:
    return operation(
        f"{resource.operations}_update",
        resource.tag,
        f"Changes members of one {resource.noun}",
        "412 where it was changed meanwhile.",
        schema=reference(resource.schema),
        meaning="the row after the change",
        failures=("404", "409", "413", "415", *_conditions(resource)),
        body=_body(f"{resource.schema}Change"),
        parameters=[_IF_MATCH] if resource.is_versioned else [],
        security=_security(resource),
        headers=_ETAG if resource.is_versioned else {},
    )


def _delete(resource: Resource) -> Document:
    return operation(
        f"{resource.operations}_delete",
        resource.tag,
        f"Removes one {resource.noun}",
        f"404 where there is no such {resource.noun}.",
        schema=None,
        meaning="it is removed",
        failures=("404", *_conditions(resource)),
        status="204",
        parameters=[_IF_MATCH] if resource.is_versioned else [],
        security=_security(resource),
    )


def _conditions(resource: Resource) -> tuple[str, ...]:
    return ("412", "428") if resource.is_versioned else ()


def _list(resource: Resource) -> Document:
    return operation(
        f"{resource.operations}_list",
        resource.tag,
        f"Every {resource.noun}, by pages",
        "Follow `suivant` for the next page.",
        schema=reference(f"{resource.schema}Page"),
        meaning="one page",
        parameters=_PAGE,
        security=OPEN_BY_DEFAULT if resource.reads_openly else _security(resource),
    )


def _page(schema: str) -> Document:
    properties = {
        "elements": described(array_of(reference(schema)), "the rows of the page"),
        "suivant": described(nullable(STRING), "path and query of the next page; null: it was the last"),
    }
    return described(object_of(properties), "one page of rows")


def _security(resource: Resource) -> list[Document]:
    return SIGNED_IN if resource.scope else PERSON


def _in_path(identity: Document) -> Document:
    return {"in": "path", "required": True, **identity}


def _body(schema: str) -> Document:
    return {"required": True, "content": {"application/json": {"schema": reference(schema)}}}


def _body_schema(members: Document, required: tuple[str, ...], meaning: str) -> Document:
    schema: Document = {"type": "object", "properties": members, "additionalProperties": False}
    return described({**schema, "required": list(required)} if required else schema, meaning)
