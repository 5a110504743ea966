"""Variables of the environment: each one that is read or set is in docs/settings.md."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("lakehouse", "streaming", "compaction", "api", "demo", "setup", "notebooks")
OTHERS = ("Makefile", "demo/Procfile", "README.md", "SECURITY.md", "docs", "deploy")
_VARIABLE = re.compile(r"CRYPTOVIZ_[A-Z0-9_]*[A-Z0-9](?![A-Z0-9_*])")


def documented() -> set[str]:
    return set(re.findall(r"^\| `(CRYPTOVIZ_\w+)`", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))


def files() -> list[Path]:
    suffixes = {".py", ".md", ".yml", ".env", ".service", ""}
    found = [
        path for name in CODE for path in (ROOT / name).rglob("*.py") if "node_modules" not in path.parts
    ]
    for name in OTHERS:
        place = ROOT / name
        found += [place] if place.is_file() else [p for p in place.rglob("*") if p.is_file()]
    return sorted(path for path in found if path.suffix in suffixes)


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_variables_of_a_file_are_documented(path: Path) -> None:
    used = set(_VARIABLE.findall(path.read_text(encoding="utf-8")))
    assert used - documented() == set()


def test_environment_that_is_given_can_be_used() -> None:
    from lakehouse.process.settings import Settings

    lines = (ROOT / "deploy/cryptoviz.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line.startswith("CRYPTOVIZ_"))
    offered = dict(line[1:].split("=", 1) for line in lines if line.startswith("#CRYPTOVIZ_"))
    Settings.from_environ(given)
    Settings.from_environ(given | offered)
    assert offered["CRYPTOVIZ_SECRET_KEY"] == ""
