"""The page's files: our own two, and Swagger UI's as the package drf-spectacular-sidecar ships them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import drf_spectacular_sidecar

_OWN = Path(__file__).resolve().parent
_SWAGGER = Path(drf_spectacular_sidecar.__file__).parent / "static/drf_spectacular_sidecar/swagger-ui-dist"
_MEDIA_TYPES: Mapping[str, str] = {
    "start.js": "text/javascript; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
_VERSION_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class DocsFiles:
    """The page and what it loads, each with its media type; ``version`` is a digest of all of it."""

    version: str
    page: bytes
    files: Mapping[str, tuple[bytes, str]]


@cache
def current_docs() -> DocsFiles:
    """Read once. Nothing but these files is ever opened, whatever a client asks for."""
    files = {
        name: ((_OWN if name == "start.js" else _SWAGGER).joinpath(name).read_bytes(), media_type)
        for name, media_type in _MEDIA_TYPES.items()
    }
    page = (_OWN / "page.html").read_bytes()
    digest = hashlib.sha256(page)
    for body, _ in files.values():
        digest.update(body)
    version = digest.hexdigest()[:_VERSION_CHARACTERS]
    return DocsFiles(version, page.replace(b"{version}", version.encode()), files)
