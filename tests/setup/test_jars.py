"""Fetch of locked jars over a network that fails and truncates."""

import hashlib
import runpy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTENT = b"a whole jar"


@pytest.fixture
def jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """setup/jars.py on a folder of its own, with one locked jar; `downloads` are what each attempt brings."""
    module = runpy.run_path(str(ROOT / "setup" / "jars.py"))
    lock = tmp_path / "jars.lock"
    lock.write_text(
        f"# header\n{hashlib.sha256(CONTENT).hexdigest()} spark org.example thing 1.0\n", encoding="utf-8"
    )
    downloads: list[bytes | None] = []

    def run_ivy(_module: Path, scratch: Path, _pattern: str, *, use_poms: bool) -> str:
        content = downloads.pop(0)
        if content is not None:
            (scratch / "jars" / "spark").mkdir(parents=True, exist_ok=True)
            (scratch / "jars" / "spark" / "thing-1.0.jar").write_bytes(content)
        return "SERVER ERROR: Bad Gateway" if content is None else ""

    scope: dict[str, Any] = module["fetch"].__globals__
    scope.update(
        LOCK=lock, JARS=tmp_path / "jars", _run_ivy=run_ivy, time=SimpleNamespace(sleep=lambda _: None)
    )
    fetch: Callable[[], None] = module["fetch"]
    return SimpleNamespace(
        fetch=fetch, downloads=downloads, spark=tmp_path / "jars" / "spark", error=module["JarsError"]
    )


def test_jar_that_is_whole_is_not_asked_for_again(jars: SimpleNamespace) -> None:
    jars.downloads[:] = [CONTENT]

    jars.fetch()
    jars.fetch()

    assert (jars.spark / "thing-1.0.jar").read_bytes() == CONTENT


def test_failed_and_half_downloads_are_tried_again(jars: SimpleNamespace) -> None:
    jars.downloads[:] = [None, CONTENT[:3], CONTENT]

    jars.fetch()

    assert (jars.spark / "thing-1.0.jar").read_bytes() == CONTENT


def test_half_jar_never_reaches_its_place(jars: SimpleNamespace) -> None:
    jars.downloads[:] = [CONTENT[:3], None, CONTENT[:5], b"another jar"]

    with pytest.raises(jars.error, match=r"(?s)thing-1\.0\.jar.*sha256 differs"):
        jars.fetch()

    assert not list(jars.spark.parent.rglob("*.jar"))


def test_half_jar_in_its_place_is_replaced(jars: SimpleNamespace) -> None:
    jars.spark.mkdir(parents=True)
    (jars.spark / "thing-1.0.jar").write_bytes(CONTENT[:3])
    jars.downloads[:] = [CONTENT]

    jars.fetch()

    assert (jars.spark / "thing-1.0.jar").read_bytes() == CONTENT


def test_jar_of_another_version_goes_and_the_projects_own_stays(jars: SimpleNamespace) -> None:
    jars.spark.mkdir(parents=True)
    for name in ("thing-0.9.jar", "cryptoviz-jvm.jar"):
        (jars.spark / name).write_bytes(b"")
    jars.downloads[:] = [CONTENT]

    jars.fetch()

    assert sorted(path.name for path in jars.spark.iterdir()) == ["cryptoviz-jvm.jar", "thing-1.0.jar"]
