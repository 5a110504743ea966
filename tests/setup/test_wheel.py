"""The wheel: it holds what the programs read, two builds are equal, and its declared requirements are enough."""

import shutil
import tomllib
import zipfile
from pathlib import Path

import pytest

from cryptoviz.commands import COMMANDS
from streaming.jars.folder import ROOT
from tests.support.lake_builder import build_lake
from tests.support.wheel import WheelEnvironment, build_wheel

pytestmark = pytest.mark.lake

EPOCH = "1700000000"
PACKAGES = ("api", "compaction", "cryptoviz", "demo", "lakehouse", "streaming")
WITHOUT = "import importlib.util, sys; sys.exit(any(map(importlib.util.find_spec, {names!r})))"
READ = """
import sys
from lakehouse import lake
table = lake.open(sys.argv[1]).table("gold_sentiment").where(symbol="btc")
print(table.arrow().num_rows, len(table.pandas()), sorted({"django", "pyspark", "py4j"} & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"), epoch=EPOCH)


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> WheelEnvironment:
    return WheelEnvironment(tmp_path_factory.mktemp("environment"), wheel)


def test_wheel_holds_code_page_jars_lock_deployment_and_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("METADATA"))).decode()
    assert {name.partition("/")[0] for name in names} - set(PACKAGES) == {
        "cryptoviz-0.2.0.data",
        "cryptoviz-0.2.0.dist-info",
    }
    sources = {str(path.relative_to(ROOT)) for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    assert {name for name in sources if "/node_modules/" not in name} <= set(names)
    for needed in (
        "api/viewer/built/index.html",
        "api/viewer/built/viewer.js",
        "demo/Procfile",
        "streaming/jars/jars.lock",
        "streaming/jars/java/cryptoviz/delta/PositionedAppend.java",
        "streaming/collect/sources.toml",
        "cryptoviz-0.2.0.data/data/share/cryptoviz/deploy/prometheus/alerts.yml",
        "cryptoviz-0.2.0.data/data/share/cryptoviz/notebooks/first_look.py",
        *(f"{package}/py.typed" for package in PACKAGES),
    ):
        assert needed in names
    assert not [name for name in names if "node_modules" in name or name.endswith((".pyc", "/.built"))]
    assert "License-Expression: Apache-2.0" in metadata
    assert "cryptoviz-0.2.0.dist-info/licenses/LICENSE" in names


def test_two_builds_are_equal_wherever_and_whenever_they_are_made(wheel: Path, tmp_path: Path) -> None:
    source = tmp_path / "elsewhere"
    skipped = shutil.ignore_patterns("node_modules", "__pycache__", ".*_cache")
    for name in (*PACKAGES, "deploy", "jvm", "notebooks", "setup"):
        shutil.copytree(ROOT / name, source / name, ignore=skipped, copy_function=shutil.copyfile)
    for name in ("LICENSE", "README.md", "pyproject.toml", ".gitignore"):
        shutil.copyfile(ROOT / name, source / name)
    (source / "Z").write_text("a file that is no part of it")

    again = build_wheel(tmp_path / "dist", source=source, epoch=EPOCH)

    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_a_lake_is_read_without_django_and_without_a_jvm(
    environment: WheelEnvironment, tmp_path: Path
) -> None:
    build_lake(tmp_path / "lake", sentiment=[{}, {"symbol": "eth"}, {}])
    without = environment.run(
        "python", "-c", WITHOUT.format(names=["django", "pyspark", "kafka"]), cwd=tmp_path
    )
    assert without.returncode == 0

    done = environment.run("python", "-c", READ, str(tmp_path / "lake"), cwd=tmp_path)
    query = environment.run(
        "cryptoviz",
        "sql",
        "--lake",
        "lake",
        "--csv",
        "SELECT count(*) AS n FROM gold_sentiment",
        cwd=tmp_path,
    )

    assert (done.stdout, done.stderr) == ("2 2 []\n", "")
    assert (query.stdout, query.stderr) == ("n\n3\n", "")


def test_the_table_service_runs_with_what_the_wheel_requires(
    environment: WheelEnvironment, tmp_path: Path
) -> None:
    build_lake(tmp_path / "lake", sentiment=[{}])
    for command in ("plan", "table-service", "fsck", "history"):
        done = environment.run("cryptoviz", command, "--lake", "lake", cwd=tmp_path)
        assert (done.returncode, "pip install" in done.stderr) == (0, False), command


@pytest.mark.parametrize(
    ("command", "needed", "extra"),
    [
        ("api", "gunicorn", "api"),
        ("manage", "django", "api"),
        ("demo", "honcho", "all"),
        ("ingest", "pyspark", "stream"),
        ("doctor", "kafka", "stream"),
        ("jars", "PySpark", "stream"),
    ],
)
def test_a_command_whose_packages_are_absent_names_the_extra(
    environment: WheelEnvironment, tmp_path: Path, command: str, needed: str, extra: str
) -> None:
    arguments = ("run",) if command == "ingest" else ()
    done = environment.run("cryptoviz", command, *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert needed in done.stderr
    assert f"pip install 'cryptoviz[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_lists_every_command_and_stops_where_its_reader_does(
    environment: WheelEnvironment, tmp_path: Path
) -> None:
    done = environment.run("cryptoviz", "--help", cwd=tmp_path)
    assert [name for name in COMMANDS if f"  {name} " not in done.stdout] == []
    imported = environment.run("python", "-X", "importtime", "-m", "cryptoviz", "--help", cwd=tmp_path)
    modules = {line.rpartition("|")[2].strip().partition(".")[0] for line in imported.stderr.splitlines()}
    assert "cryptoviz" in modules
    assert modules & {"lakehouse", "typer", "duckdb", "pyarrow", "django", "pyspark"} == set()
    closed = environment.run("python", "-c", CLOSED_PIPE, str(environment.bin / "cryptoviz"), cwd=tmp_path)
    assert (closed.returncode, closed.stderr) == (0, "")


CLOSED_PIPE = """
import os, subprocess, sys
reader, writer = os.pipe()
os.close(reader)
sys.exit(subprocess.run([sys.argv[1], "--help"], stdout=writer).returncode)
"""


def test_every_extra_is_part_of_all_and_accepts_the_locked_versions() -> None:
    from importlib.metadata import version

    from packaging.requirements import Requirement

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    everything = Requirement(extras["all"][0]).extras
    assert everything | {"all", "kafka"} == extras.keys()
    declared = [Requirement(text) for name, texts in extras.items() for text in texts if name != "notebooks"]
    outside = [
        f"{each.name} {version(each.name)}"
        for each in declared
        if each.name != "cryptoviz" and version(each.name) not in each.specifier
    ]
    assert outside == []
