"""Fetch of locked jars over a network that fails and truncates."""

import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from streaming.jars import fetching
from streaming.jars.fetching import fetch
from streaming.jars.ivy import JarsError
from streaming.jars.lock import Jar

CONTENT = b"a whole jar"
JARS = [Jar("spark", "org.example", "thing", "1.0", hashlib.sha256(CONTENT).hexdigest())]


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> list[bytes | None]:
    """Replace Ivy; return the list of what each attempt brings of the jar, None where the repository fails."""
    contents: list[bytes | None] = []

    def run_ivy(_module: Path, scratch: Path, _pattern: str, *, use_poms: bool) -> str:
        content = contents.pop(0)
        if content is not None:
            (scratch / "jars" / "spark").mkdir(parents=True, exist_ok=True)
            (scratch / "jars" / "spark" / "thing-1.0.jar").write_bytes(content)
        return "SERVER ERROR: Bad Gateway" if content is None else ""

    monkeypatch.setattr(fetching, "run_ivy", run_ivy)
    monkeypatch.setattr(fetching, "time", SimpleNamespace(sleep=lambda _: None))
    return contents


def test_jar_that_is_whole_is_not_asked_for_again(tmp_path: Path, downloads: list[bytes | None]) -> None:
    downloads[:] = [CONTENT]

    assert (fetch(JARS, tmp_path), fetch(JARS, tmp_path)) == (1, 0)

    assert (tmp_path / "spark" / "thing-1.0.jar").read_bytes() == CONTENT


def test_failed_and_half_downloads_are_tried_again(tmp_path: Path, downloads: list[bytes | None]) -> None:
    downloads[:] = [None, CONTENT[:3], CONTENT]

    assert fetch(JARS, tmp_path) == 1

    assert (tmp_path / "spark" / "thing-1.0.jar").read_bytes() == CONTENT


def test_half_jar_never_reaches_its_place(tmp_path: Path, downloads: list[bytes | None]) -> None:
    downloads[:] = [CONTENT[:3], None, CONTENT[:5], b"another jar"]

    with pytest.raises(JarsError, match=r"(?s)thing-1\.0\.jar.*sha256 differs"):
        fetch(JARS, tmp_path)

    assert not list(tmp_path.rglob("*.jar"))


def test_half_jar_in_its_place_is_replaced(tmp_path: Path, downloads: list[bytes | None]) -> None:
    (tmp_path / "spark").mkdir()
    (tmp_path / "spark" / "thing-1.0.jar").write_bytes(CONTENT[:3])
    downloads[:] = [CONTENT]

    assert fetch(JARS, tmp_path) == 1

    assert (tmp_path / "spark" / "thing-1.0.jar").read_bytes() == CONTENT


def test_jar_of_another_version_goes_and_the_projects_own_stays(
    tmp_path: Path, downloads: list[bytes | None]
) -> None:
    (tmp_path / "spark").mkdir()
    for name in ("thing-0.9.jar", "cryptoviz-jvm.jar"):
        (tmp_path / "spark" / name).write_bytes(b"")
    downloads[:] = [CONTENT]

    fetch(JARS, tmp_path)

    assert sorted(path.name for path in (tmp_path / "spark").iterdir()) == [
        "cryptoviz-jvm.jar",
        "thing-1.0.jar",
    ]
