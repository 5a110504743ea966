"""The site of docs/: it builds in strict mode, every page is in its navigation, and a broken link fails."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT

pytestmark = pytest.mark.lake


def build(root: Path, target: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_site_builds_with_the_pages_of_the_top_folder(tmp_path: Path) -> None:
    done = build(ROOT, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    for page in ("index", "fr/index", "security/index", "http-reference/index", "decisions/index"):
        assert (tmp_path / "site" / f"{page}.html").is_file()
    assert 'href="../http-reference/"' in (tmp_path / "site" / "fr" / "index.html").read_text()
    assert 'href="operations/' in (tmp_path / "site" / "index.html").read_text()


@pytest.mark.parametrize("link", ["nowhere.md", "settings.md#nowhere", "../NOWHERE.md"])
def test_a_broken_link_fails(tmp_path: Path, link: str) -> None:
    """A site of two pages, with the settings and hooks of the whole one."""
    shutil.copytree(ROOT / "setup", tmp_path / "setup", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"):
        (tmp_path / name).write_text("# Page\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "settings.md").write_text("# Settings\n")
    page = tmp_path / "docs" / "index.md"
    config = (ROOT / "mkdocs.yml").read_text().partition("\nnav:")[0].replace("/decisions/0*", "/none*")
    (tmp_path / "mkdocs.yml").write_text(config)
    page.write_text("# Page\n\n[a](settings.md#settings), [b](../SECURITY.md#page)\n")
    assert build(tmp_path, tmp_path / "site").returncode == 0

    page.write_text(f"# Page\n\n[a]({link})\n")

    assert build(tmp_path, tmp_path / "site").returncode == 1
