"""The files of the browsable page: Swagger UI's as the package drf-spectacular-sidecar ships them, and our own."""

from functools import cache
from pathlib import Path

import drf_spectacular_sidecar

from api.http.security_policy import security_policy
from api.http.static_files import StaticBundle

_OWN = Path(__file__).resolve().parent
_SWAGGER = Path(drf_spectacular_sidecar.__file__).parent / "static/drf_spectacular_sidecar/swagger-ui-dist"
# Swagger UI writes style attributes; nothing else is allowed beyond this origin's own files.
CONTENT_SECURITY_POLICY = security_policy(
    script="'self'", style="'self' 'unsafe-inline'", img="'self' data:", connect="'self'"
)


@cache
def current_docs() -> StaticBundle:
    """Return this process's page with its files."""
    files = {name: _SWAGGER / name for name in ("swagger-ui-bundle.js", "swagger-ui.css")}
    return StaticBundle(
        _OWN / "page.html",
        {"start.js": _OWN / "start.js", **files},
        prefix="/api/v1/docs",
        security_policy=CONTENT_SECURITY_POLICY,
    )
