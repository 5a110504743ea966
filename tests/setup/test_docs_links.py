"""Tests of the documentation: links resolve, named files exist, and nothing outside of the repository is cited."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^()\s]+)\)")
CODE_FILE = re.compile(r"`((?:[\w.-]+/)+[\w-]+\.(?:py|ts|tsx|toml))`")
FOLDER = re.compile(
    r"`((?:api|benchmarks|compaction|demo|deploy|docs|jvm|lakehouse|setup|streaming|tests)/(?:[\w-]+/)*)`"
)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
OUTSIDE = re.compile(r"\b(?:DESIGN|FACTS|API|HOUSE|DECISIONS)\.md\b|\b[Ii]ssues? #?\d")


def repository_pages() -> list[Path]:
    """Return the Markdown files of the repository, without those of packages, caches and runs."""
    pages = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "node_modules"]
        pages += [Path(folder) / name for name in files if name.endswith(".md")]
    return sorted(pages)


PAGES = repository_pages()
GUIDES = [page for page in PAGES if page.parent in (ROOT, ROOT / "docs") and page.name != "CHANGELOG.md"]


def prose_of(page: Path) -> str:
    """Return the text of a page without its code blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors_of(page: Path) -> Iterator[str]:
    """Yield the anchors of a page's headings as GitHub spells them."""
    for heading in HEADING.findall(prose_of(page)):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_relative_links_resolve(page: Path) -> None:
    broken = []
    for target in LINK.findall(prose_of(page)):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:|/", target):
            continue
        linked = (page.parent / path).resolve() if path else page
        has_anchor = (
            not anchor or linked.suffix != ".md" or (linked.is_file() and anchor in anchors_of(linked))
        )
        if not linked.exists() or not has_anchor:
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", GUIDES, ids=names(GUIDES))
def test_files_and_folders_in_backticks_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = CODE_FILE.findall(text) + FOLDER.findall(text)
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_page_cites_nothing_outside_of_the_repository(page: Path) -> None:
    assert OUTSIDE.findall(page.read_text(encoding="utf-8")) == []


def test_decisions_are_numbered_and_indexed() -> None:
    folder = ROOT / "docs" / "decisions"
    decisions = sorted(folder.glob("[0-9]*.md"))
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        title, status = re.findall(r"\A# (\d+\. .+)\n\nStatus: (.+)\n", path.read_text(encoding="utf-8"))[0]
        assert title.startswith(f"{int(path.name[:4])}. ")
        assert re.fullmatch(r"accepted|superseded by \[\d{4}\]\(\d{4}-[\w-]+\.md\)", status)
        row = f"| [{path.name[:4]}]({path.name}) | {title.partition(' ')[2]} | {status} |"
        assert row in index
