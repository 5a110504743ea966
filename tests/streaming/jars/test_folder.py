"""Folders of the jars: beside a checkout, below the environment of a wheel; and the sources that are compiled there."""

from pathlib import Path

import pytest

from streaming.jars.folder import JARS, ROOT, jars_folder, java_sources, let_everyone_read
from streaming.jars.lock import LOCK, read_jars_lock


def test_jars_of_a_checkout_are_beside_its_code() -> None:
    assert ROOT / ".runtime" / "jars" == JARS
    assert java_sources(ROOT) == ROOT / "jvm" / "src" / "main" / "java"


@pytest.mark.parametrize("environment", ["/opt/venv", "/usr"])
def test_jars_of_a_wheel_are_below_its_environment(environment: str) -> None:
    root = Path(environment) / "lib" / "python3.11" / "site-packages"
    assert jars_folder(root, Path(environment)) == Path(environment) / "share" / "cryptoviz" / "jars"
    assert java_sources(root).parts[-3:] == ("streaming", "jars", "java")


def test_lock_has_jars_for_spark_and_for_the_broker_with_a_digest_each() -> None:
    jars = read_jars_lock(LOCK)
    assert {jar.configuration for jar in jars} == {"spark", "kafka"}
    assert all(len(jar.sha256) == 64 for jar in jars)


@pytest.mark.lake
def test_every_user_may_read_what_was_installed_under_any_umask(tmp_path: Path) -> None:
    folder = tmp_path / "jars"
    (folder / "spark").mkdir(parents=True)
    for path in (folder / "spark" / "a.jar", folder / ".fetched"):
        path.write_bytes(b"PK")
        path.chmod(0o600)
    for path in (folder, folder / "spark"):
        path.chmod(0o700)
    let_everyone_read(folder)
    modes = {
        str(path.relative_to(folder)): path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))
    }
    assert modes == {".": 0o755, "spark": 0o755, "spark/a.jar": 0o644, ".fetched": 0o644}
