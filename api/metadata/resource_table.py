"""The resources of metadata and accounts as data: their paths, and the members of their rows."""

from dataclasses import dataclass

from api.access.scopes import SCOPES
from api.http.json_schema import (
    BOOLEAN,
    COUNT,
    INTEGER,
    STRING,
    STRINGS,
    TIME,
    Document,
    described,
    nullable,
    reference,
)
from api.http.operations import Tag
from api.http.patterns import or_empty
from api.metadata.configuration import KEYS
from api.metadata.models import Entity, Source
from api.metadata.models.asset import COLOUR_PATTERN, MAX_DISPLAY_ORDER
from api.metadata.models.source import LANGUAGE_PATTERN, SOURCE_NAME_PATTERN
from lakehouse.aliases.names import KINDS, MAX_WORDS, WORD_MAX_CHARACTERS
from lakehouse.messages.contract import SYMBOL_PATTERN

_NAME: Document = {"type": "string", "minLength": 1, "maxLength": 80, "description": "name for people"}
_STAMPS: Document = {
    "version": described(COUNT, "version of the row, which is its ETag"),
    "changed_time": described(TIME, "when it was last changed"),
}
_ALIASES: Document = {
    "type": "object",
    "properties": {
        kind: {
            "type": "array",
            "maxItems": MAX_WORDS,
            "items": {"type": "string", "minLength": 1, "maxLength": WORD_MAX_CHARACTERS},
            "description": meaning,
        }
        for kind, meaning in KINDS.items()
    },
    "additionalProperties": False,
}
_ASSET: Document = {
    "name": _NAME,
    "aliases": described(_ALIASES, "what texts call the asset"),
    "enabled": described(BOOLEAN, "whether it is shown"),
    "display_order": {
        "type": "integer",
        "minimum": 0,
        "maximum": MAX_DISPLAY_ORDER,
        "description": "its place in lists, the lowest first",
    },
    "colour": {
        "type": "string",
        "pattern": or_empty(COLOUR_PATTERN),
        "description": "its colour in charts, #rrggbb; empty: none",
    },
}
_ENTITY: Document = {
    "title": {**_NAME, "description": "name for people"},
    "kind": {"type": "string", "enum": Entity.Kind.values, "description": "what it is"},
    "asset": {
        "type": "string",
        "pattern": or_empty(SYMBOL_PATTERN),
        "description": "symbol of the asset that is its own, such as bnb of Binance; empty: none",
    },
    "aliases": described(_ALIASES, "what texts call the entity"),
}
_SOURCE: Document = {
    "kind": {"type": "string", "enum": Source.Kind.values, "description": "what it is a source of"},
    "title": {"type": "string", "minLength": 1, "maxLength": 120, "description": "name for people"},
    "url": {"type": "string", "maxLength": 500, "description": "its address, http or https; empty: none"},
    "language": {
        "type": "string",
        "pattern": or_empty(LANGUAGE_PATTERN),
        "description": "language of its texts; empty: not said",
    },
    "enabled": described(BOOLEAN, "whether it is shown"),
}
_PARAMETERS = {**reference("ViewParameters"), "description": "what the view shows"}
_VIEW: Document = {
    "name": _NAME,
    "parameters": _PARAMETERS,
    "shared": described(BOOLEAN, "whether a link opens it for others"),
}
SHARED_VIEW: Document = {
    "name": _NAME,
    "parameters": _PARAMETERS,
    "changed_time": described(TIME, "when it was last changed"),
}
_VALUE: Document = {"value": {"anyOf": [key.schema for key in KEYS.values()], "description": "the value"}}
_TOKEN: Document = {
    "name": _NAME,
    "scopes": {
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"type": "string", "enum": list(SCOPES)},
        "description": "what it may do",
    },
    "days": {"type": "integer", "minimum": 1, "maximum": 3650, "description": "how long it is valid"},
}
_TOKEN_SHOWN: Document = {
    "id": described(COUNT, "identity"),
    "name": described(STRING, "name for people"),
    "key": described(STRING, "public part of its text"),
    "scopes": described(STRINGS, "what it may do"),
    "created_time": described(TIME, "when it was made"),
    "expires_time": described(TIME, "when it ends"),
    "last_used_time": described(nullable(TIME), "when it was last used, to the minute; null: never"),
}
_RUN: Document = {
    "run_id": described(STRING, "identity"),
    "lake_uri": described(STRING, "the lake"),
    "command": described(STRING, "command of the table service"),
    "host": described(STRING, "machine that it ran on"),
    "pid": described(INTEGER, "its process"),
    "started_time": described(TIME, "when it began"),
    "ended_time": described(nullable(TIME), "when it ended; null while it runs"),
    "exit_code": described(nullable(INTEGER), "0: it succeeded; null while it runs"),
    "error": described(nullable(STRING), "its error; null: none"),
    "figures": described(
        {"type": ["object", "null"]}, "what it did, in figures of its own; null while it runs"
    ),
}
CHANGE: Document = {
    "version": described(COUNT, "version that the change made"),
    "old_value": {"description": "value before"},
    "new_value": {"description": "value after"},
    "changed_time": described(TIME, "when it was changed"),
    "changed_by": described(STRING, "who changed it"),
}
SESSION: Document = {
    "user": described(nullable(STRING), "name of the user; null: nobody is signed in"),
    "is_staff": described(BOOLEAN, "whether they are staff"),
    "scopes": described(STRINGS, "what the request may do"),
    "csrf_token": described(nullable(STRING), "value of X-CSRFToken for changes by session; null: by none"),
    "sign_in": described(STRING, "path of the page to sign in at"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of row: its collection's path, the path parameter of one row, and its members.

    ``schema`` is the name of its schema, ``operations`` begins the ids of its operations.
    ``creates`` are the members of POST, and the required ones of them; ``changes`` are those of PATCH.
    """

    path: str
    schema: str
    operations: str
    tag: Tag
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


_CONFIGURATION: Document = {
    "name": described(STRING, "name of the value"),
    **_VALUE,
    "default": {"description": "value where nobody set one"},
    "meaning": described(STRING, "what it is for"),
    **_STAMPS,
}
_SYMBOL: Document = {
    "name": "symbol",
    "description": "lower-case ticker",
    "schema": {"type": "string", "pattern": SYMBOL_PATTERN},
}
_SOURCE_NAME: Document = {
    "name": "name",
    "description": "short name of the source",
    "schema": {"type": "string", "pattern": SOURCE_NAME_PATTERN},
}
_ENTITY_NAME: Document = {
    "name": "name",
    "description": "short name of the entity",
    "schema": {"type": "string", "pattern": SYMBOL_PATTERN},
}
_ID: Document = {"name": "id", "description": "id of the token", "schema": {"type": "integer", "minimum": 1}}
_UUID: Document = {
    "name": "id",
    "description": "id of the view",
    "schema": {"type": "string", "format": "uuid"},
}
CONFIGURATION_KEY: Document = {
    "name": "name",
    "description": "name of the value",
    "schema": {"type": "string", "enum": list(KEYS)},
}

RESOURCES = (
    Resource(
        path="catalogue/actifs",
        schema="CatalogueAsset",
        operations="catalogue_actifs",
        tag=Tag.CATALOGUE,
        noun="asset",
        shown={"symbol": described(STRING, "lower-case ticker"), **_ASSET, **_STAMPS},
        scope="catalogue:write",
        identity=_SYMBOL,
        creates=({"symbol": described(_SYMBOL["schema"], "lower-case ticker"), **_ASSET}, ("symbol", "name")),
        changes=_ASSET,
        reads_openly=True,
    ),
    Resource(
        path="catalogue/entites",
        schema="Entity",
        operations="catalogue_entites",
        tag=Tag.CATALOGUE,
        noun="entity",
        shown={"name": described(STRING, "short name, its identity"), **_ENTITY, **_STAMPS},
        scope="catalogue:write",
        identity=_ENTITY_NAME,
        creates=(
            {"name": described(_ENTITY_NAME["schema"], "short name, its identity"), **_ENTITY},
            ("name", "title", "kind"),
        ),
        changes=_ENTITY,
        reads_openly=True,
    ),
    Resource(
        path="catalogue/sources",
        schema="Source",
        operations="catalogue_sources",
        tag=Tag.CATALOGUE,
        noun="source",
        shown={"name": described(STRING, "short name, its identity"), **_SOURCE, **_STAMPS},
        scope="catalogue:write",
        identity=_SOURCE_NAME,
        creates=(
            {"name": described(_SOURCE_NAME["schema"], "short name, its identity"), **_SOURCE},
            ("name", "kind", "title"),
        ),
        changes=_SOURCE,
        reads_openly=True,
    ),
    Resource(
        path="vues",
        schema="SavedView",
        operations="vues",
        tag=Tag.VIEWS,
        noun="saved view of one's own",
        shown={
            "id": described(STRING, "identity"),
            "name": described(STRING, "name for people"),
            "parameters": _PARAMETERS,
            "link": described(nullable(STRING), "path that opens it for others; null: not shared"),
            "created_time": described(TIME, "when it was made"),
            **_STAMPS,
        },
        scope="views:write",
        identity=_UUID,
        creates=(_VIEW, ("name", "parameters")),
        changes=_VIEW,
    ),
    Resource(
        path="jetons",
        schema="Token",
        operations="jetons",
        tag=Tag.ACCOUNTS,
        noun="token of one's own",
        shown=_TOKEN_SHOWN,
        scope="",
        identity=_ID,
        creates=(_TOKEN, ("name", "scopes")),
        created={**_TOKEN_SHOWN, "token": described(STRING, "its text, which is shown this once")},
        is_versioned=False,
    ),
    Resource(
        path="configuration",
        schema="ConfigurationValue",
        operations="configuration",
        tag=Tag.OPERATION,
        noun="value that staff may change",
        shown=_CONFIGURATION,
        scope="configuration",
        identity=CONFIGURATION_KEY,
        changes=_VALUE,
        deletes=False,
    ),
    Resource(
        path="maintenance",
        schema="MaintenanceRun",
        operations="maintenance",
        tag=Tag.OPERATION,
        noun="run of the table service",
        shown=_RUN,
        scope="configuration",
    ),
)
