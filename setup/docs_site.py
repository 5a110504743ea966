"""Hooks of MkDocs: pages of the repository's top folder are pages of the site, and links lead to them."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
TOP_PAGES = {
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
}
"""{page in the top folder: page of the site}"""
SOURCES = {page: name for name, page in TOP_PAGES.items()}
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^()\s#]+)(#[^()\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of the top folder."""
    for name, page in TOP_PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Rewrite the links from and to pages of the top folder."""
    place = page.file.src_uri
    source = SOURCES.get(place, f"docs/{place}")

    def rewrite(match: re.Match[str]) -> str:
        linked = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[1]))
        target = TOP_PAGES.get(linked, linked.removeprefix("docs/"))
        return f"]({posixpath.relpath(target, posixpath.dirname(place) or '.')}{match[2] or ''})"

    return _LINK.sub(rewrite, markdown)
