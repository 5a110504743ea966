"""The built page of the viewer and the files that it loads."""

from functools import cache
from pathlib import Path

from django.conf import settings

from api.http.security_policy import security_policy
from api.http.static_files import StaticBundle
from api.viewer.live import live_source

PAGE = "index.html"
BUILT = Path(__file__).resolve().parent / "built"
_SUFFIXES = (".css", ".js", ".svg")
# Nothing runs or loads but this origin's own files; numbers come from it and from the WebSocket that was set.
CONTENT_SECURITY_POLICY = security_policy(
    script="'self'",
    style="'self'",
    img="'self'",
    connect=f"'self' {live_source(settings.CRYPTOVIZ.socket_url)}",
)


class ViewerNotBuiltError(Exception):
    """The folder that `make setup` builds the page into does not exist, or has no page."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"no {PAGE} in {folder}")
        self.folder = folder


@cache
def current_viewer() -> StaticBundle:
    """Return this process's viewer, the same in every process of one release. Raises ViewerNotBuiltError."""
    return read_viewer(BUILT)


def read_viewer(folder: Path) -> StaticBundle:
    """Return the page of a folder with its files. Raises ViewerNotBuiltError."""
    if not (folder / PAGE).is_file():
        raise ViewerNotBuiltError(folder)
    files = {path.name: path for path in sorted(folder.iterdir()) if path.suffix in _SUFFIXES}
    return StaticBundle(folder / PAGE, files, prefix="/viewer", security_policy=CONTENT_SECURITY_POLICY)
