"""Units, image and compose file, checked without running them."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.python_command import run_python

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [path for path in UNITS if path.suffix == ".service"]
MOST_EXPOSED = 20
"""Tenths: `systemd-analyze security` counts from 0 (nothing may be done) to 10."""


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text())
    return document


def commands() -> Iterator[tuple[str, list[str]]]:
    """(where it stands, module and arguments) of each program of ours that is started."""
    for name, service in compose()["services"].items():
        if service.get("command", [""])[0] == "python":
            yield f"compose {name}", service["command"][2:]
    for path in SERVICES:
        line = re.search(r"^ExecStart=(.+)$", path.read_text(), re.MULTILINE)
        assert line is not None
        yield path.name, shlex.split(line[1])[2:]


@cache
def help_of(*words: str) -> str:
    done = run_python("-m", *words, "--help")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.lake
@pytest.mark.parametrize(("where", "words"), [pytest.param(*each, id=each[0]) for each in commands()])
def test_command_has_the_options_that_it_is_given(where: str, words: list[str]) -> None:
    module, *arguments = words
    if module == "api":
        assert arguments == []
        return
    subcommand = [word for word in arguments[:1] if not word.startswith("-")]
    text = help_of(module, *subcommand)
    for option in (word for word in arguments if word.startswith("--")):
        assert re.search(rf"{option}\b", text), option


def test_every_program_of_the_pipeline_has_a_unit_and_a_container() -> None:
    pipeline = {"streaming", "api", "streaming.collect", "compaction"}
    started = {"compose": set[str](), "unit": set[str]()}
    for where, (module, *_) in commands():
        started["compose" if where.startswith("compose") else "unit"].add(module)
    assert pipeline <= started["compose"]
    assert pipeline <= started["unit"]


def test_containers_are_bounded_and_may_do_little() -> None:
    document = compose()
    for name, service in document["services"].items():
        assert set(service.get("depends_on", {})) <= set(document["services"])
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in document["volumes"]
        if service["image"] == "cryptoviz":
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]
        assert "mem_limit" in service or name == "topics"
        assert not re.search(r":latest$|^[^:]+$", service["image"]) or service["image"] == "cryptoviz"
    exposed = [port for service in document["services"].values() for port in service.get("ports", ())]
    assert all(port.startswith("127.0.0.1:") for port in exposed)


def test_image_runs_as_nobody_in_particular() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    users = re.findall(r"^USER (\S+)$", text, re.MULTILINE)
    assert users
    assert users[-1] not in ("root", "0")
    assert ":latest" not in text


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_unit_is_bounded(path: Path) -> None:
    text = path.read_text()
    for needed in ("User=cryptoviz", "MemoryMax=", "TasksMax=", "LimitNOFILE=", "EnvironmentFile="):
        assert f"\n{needed}" in text


@pytest.mark.lake
def test_hadolint_agrees() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [hadolint, str(DEPLOY / "Containerfile")], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def installed_units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the units with a program that exists: systemd verifies that it can run."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    folder = tmp_path_factory.mktemp("units")
    for path in UNITS:
        text = path.read_text().replace("/opt/cryptoviz/.venv/bin/python", sys.executable)
        (folder / path.name).write_text(text)
    return folder


def test_systemd_can_load_the_units(installed_units: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(installed_units.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    ours = [line for line in done.stderr.splitlines() if "cryptoviz-" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize("name", [path.name for path in SERVICES])
def test_units_expose_little(installed_units: Path, name: str) -> None:
    help_text = subprocess.run(
        ["systemd-analyze", "--help"], capture_output=True, text=True, check=False
    ).stdout
    if "--offline" not in help_text:
        pytest.skip("this systemd-analyze is older than 250")
    done = subprocess.run(
        [
            "systemd-analyze",
            "security",
            "--offline=true",
            f"--threshold={MOST_EXPOSED}",
            str(installed_units / name),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout.splitlines()[-1:] + done.stderr.splitlines()
