"""An archive of classes is used only with the JDK and the jars that it was made of."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from streaming.spark import class_archives
from streaming.spark.class_archives import archive_options, archive_path, broker_archive, recording_options
from streaming.spark.java import Jdk


@pytest.fixture
def jdk(tmp_path: Path) -> Jdk:
    (tmp_path / "jdk").mkdir()
    (tmp_path / "jdk" / "release").write_text('JAVA_VERSION="17.0.15"\n')
    return Jdk(home=tmp_path / "jdk", major=17)


@pytest.fixture
def jars(tmp_path: Path) -> list[Path]:
    (tmp_path / "jars").mkdir()
    paths = [tmp_path / "jars" / name for name in ("a.jar", "b.jar")]
    for path in paths:
        path.write_bytes(b"content")
        os.utime(path, (1_000, 1_000))
    return paths


def _touch(jdk: Jdk, jars: list[Path]) -> None:
    os.utime(jars[0], (1_001, 1_001))


def _grow(jdk: Jdk, jars: list[Path]) -> None:
    jars[1].write_bytes(b"longer content")
    os.utime(jars[1], (1_000, 1_000))


def _update_java(jdk: Jdk, jars: list[Path]) -> None:
    (jdk.home / "release").write_text('JAVA_VERSION="17.0.16"\n')


def _reverse(jdk: Jdk, jars: list[Path]) -> None:
    jars.reverse()


def _drop(jdk: Jdk, jars: list[Path]) -> None:
    del jars[1]


def test_archive_of_unchanged_jars_is_found_again(jdk: Jdk, jars: list[Path]) -> None:
    assert archive_path("spark", jdk, jars) == archive_path("spark", jdk, list(jars))


@pytest.mark.parametrize("change", [_touch, _grow, _update_java, _reverse, _drop])
def test_archive_of_other_jars_or_another_java_is_another(
    jdk: Jdk, jars: list[Path], change: Callable[[Jdk, list[Path]], None]
) -> None:
    before = archive_path("spark", jdk, jars)
    change(jdk, jars)
    assert archive_path("spark", jdk, jars) != before


def test_archive_that_was_not_made_changes_no_command(tmp_path: Path) -> None:
    assert archive_options(tmp_path / "spark.jsa") == ()


def test_archive_that_was_made_is_used(
    tmp_path: Path, jdk: Jdk, jars: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(class_archives, "ARCHIVES", tmp_path)
    archive = broker_archive(jdk, tmp_path / "jars")
    archive.touch()
    assert archive_options(archive)[0] == f"-XX:SharedArchiveFile={archive}"
    assert recording_options(archive)[0] == f"-XX:ArchiveClassesAtExit={archive}"
    assert archive.name.startswith("broker-")
