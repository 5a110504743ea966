"""The search for a JDK, on folders that look like one."""

from pathlib import Path

import pytest

from streaming.errors import JavaNotFoundError
from streaming.spark import java
from streaming.spark.java import find_jdk


@pytest.fixture(autouse=True)
def _no_usual_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "USUAL_PLACES", ())
    monkeypatch.setattr(java, "_macos_homes", lambda: iter(()))


def _make_home(path: Path, version: str, *programs: str) -> Path:
    (path / "bin").mkdir(parents=True)
    (path / "release").write_text(f'IMPLEMENTOR="Test"\nJAVA_VERSION="{version}"\n', encoding="utf-8")
    for program in programs:
        (path / "bin" / program).write_text("#!/bin/sh\n", encoding="utf-8")
        (path / "bin" / program).chmod(0o755)
    return path


def test_java_home_comes_first(tmp_path: Path) -> None:
    named = _make_home(tmp_path / "named", "21.0.2", "java", "javac")
    on_path = _make_home(tmp_path / "path", "17.0.1", "java", "javac")

    jdk = find_jdk({"JAVA_HOME": str(named), "PATH": str(on_path / "bin")})

    assert (jdk.home, jdk.major) == (named, 21)


def test_link_on_the_path_leads_to_its_home(tmp_path: Path) -> None:
    home = _make_home(tmp_path / "jdk", "17.0.15", "java", "javac")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "javac").symlink_to(home / "bin" / "javac")

    jdk = find_jdk({"PATH": str(tmp_path / "bin")})

    assert jdk.home == home
    assert jdk.javac == home / "bin" / "javac"


def test_usual_place_is_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = _make_home(tmp_path / "openjdk@17" / "libexec" / "home", "17", "java", "javac")
    monkeypatch.setattr(java, "USUAL_PLACES", (f"{tmp_path}/openjdk@*/libexec/home",))

    assert find_jdk({}).home == home


def test_unsupported_version_is_passed_over(tmp_path: Path) -> None:
    old = _make_home(tmp_path / "old", "11.0.1", "java", "javac")
    good = _make_home(tmp_path / "good", "17.0.1", "java", "javac")

    assert find_jdk({"JAVA_HOME": str(old), "PATH": str(good / "bin")}).home == good


def test_what_was_found_instead_is_named_in_one_line(tmp_path: Path) -> None:
    runtime = _make_home(tmp_path / "jre", "17.0.1", "java")

    with pytest.raises(JavaNotFoundError) as caught:
        find_jdk({"JAVA_HOME": str(runtime), "PATH": ""})

    assert f"{runtime} is a runtime without javac 17" in str(caught.value)
    assert "apt-get install openjdk-17-jdk-headless" in str(caught.value)
    assert "\n" not in str(caught.value)
