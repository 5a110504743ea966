"""The resources of metadata and accounts as data: their paths, and the members of their rows."""

from dataclasses import dataclass

from api.access.scopes import SCOPES
from api.http.json_schema import COUNT, STRING, STRINGS, TIME, Document, nullable
from api.http.patterns import or_empty
from api.metadata.configuration import KEYS
from api.metadata.models import Source
from api.metadata.models.asset import COLOUR_PATTERN, MAX_DISPLAY_ORDER
from api.metadata.models.source import LANGUAGE_PATTERN, SOURCE_NAME_PATTERN
from lakehouse.aliases.names import KINDS, MAX_WORDS, WORD_MAX_CHARACTERS
from lakehouse.messages.contract import SYMBOL_PATTERN

BOOLEAN: Document = {"type": "boolean"}
_NAME: Document = {"type": "string", "minLength": 1, "maxLength": 80}
_STAMPS: Document = {"version": COUNT, "changed_time": TIME}
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
    "aliases": _ALIASES,
    "enabled": BOOLEAN,
    "display_order": {"type": "integer", "minimum": 0, "maximum": MAX_DISPLAY_ORDER},
    "colour": {"type": "string", "pattern": or_empty(COLOUR_PATTERN)},
}
_SOURCE: Document = {
    "kind": {"type": "string", "enum": Source.Kind.values},
    "title": {"type": "string", "minLength": 1, "maxLength": 120},
    "url": {"type": "string", "maxLength": 500},
    "language": {"type": "string", "pattern": or_empty(LANGUAGE_PATTERN)},
    "enabled": BOOLEAN,
}
PARAMETERS: Document = {"$ref": "#/components/schemas/ViewParameters"}
_VIEW: Document = {"name": _NAME, "parameters": PARAMETERS, "shared": BOOLEAN}
_VALUE: Document = {"value": {"anyOf": [key.schema for key in KEYS.values()]}}
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
    "figures": {"type": ["object", "null"]},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of row: its collection's path, the path parameter of one row, and its members.

    ``creates`` are the members of POST, and the required ones of them; ``changes`` are those of PATCH.
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
_SYMBOL: Document = {"name": "symbol", "schema": {"type": "string", "pattern": SYMBOL_PATTERN}}
_SOURCE_NAME: Document = {"name": "name", "schema": {"type": "string", "pattern": SOURCE_NAME_PATTERN}}
_ID: Document = {"name": "id", "schema": {"type": "integer", "minimum": 1}}
_UUID: Document = {"name": "id", "schema": {"type": "string", "format": "uuid"}}
CONFIGURATION_KEY: Document = {"name": "name", "schema": {"type": "string", "enum": list(KEYS)}}

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
            "parameters": PARAMETERS,
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
        identity=CONFIGURATION_KEY,
        changes=_VALUE,
        deletes=False,
    ),
    Resource(path="maintenance", noun="run of the table service", shown=_RUN, scope="configuration"),
)
