"""The built page and its files, read once, under a path that names their content: browsers may keep them for good."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PAGE = "index.html"
BUILT = Path(__file__).resolve().parent / "built"
_MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_VERSION_MARK = b"{version}"
_VERSION_CHARACTERS = 12


class ViewerNotBuiltError(Exception):
    """The folder that `make setup` builds the page into is not there, or has no page."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"no {PAGE} in {folder}")
        self.folder = folder


@dataclass(frozen=True, slots=True)
class ViewerFile:
    """What a browser gets."""

    body: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """The page and, by name, everything that it loads; ``version`` is a digest of all of it."""

    version: str
    page: ViewerFile
    files: Mapping[str, ViewerFile]


@cache
def current_viewer() -> Viewer:
    """This process's viewer. The same in every process of one release. Raises ViewerNotBuiltError."""
    return read_viewer(BUILT)


def read_viewer(folder: Path) -> Viewer:
    """Every file of a folder; the page refers to the others under their version. Raises ViewerNotBuiltError."""
    if not (folder / PAGE).is_file():
        raise ViewerNotBuiltError(folder)
    bodies = {
        path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in _MEDIA_TYPES
    }
    digest = hashlib.sha256()
    for name, body in bodies.items():
        digest.update(f"{name}\0{len(body)}\0".encode() + body)
    version = digest.hexdigest()[:_VERSION_CHARACTERS]
    page = bodies.pop(PAGE).replace(_VERSION_MARK, version.encode())
    return Viewer(
        version=version,
        page=ViewerFile(page, _MEDIA_TYPES[".html"]),
        files={name: ViewerFile(body, _MEDIA_TYPES[Path(name).suffix]) for name, body in bodies.items()},
    )
