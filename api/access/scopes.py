"""Scopes of tokens."""

from collections.abc import Mapping

SCOPES: Mapping[str, str] = {
    "history:read": "histories, assets and the state, where they are closed; the WebSocket as well",
    "views:read": "the owner's saved views",
    "views:write": "the owner's saved views, to change",
    "catalogue:write": "assets, entities and sources, to change; of staff only",
    "configuration": "configuration and maintenance runs; of staff only",
}
