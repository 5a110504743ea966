"""Definitions of continuous integration: they parse, and call targets that the Makefile has, and nothing else."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_github_runs_the_commands_of_a_contributor() -> None:
    document: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    commands = [step["run"] for job in document["jobs"].values() for step in job["steps"] if "run" in step]
    assert commands == ["make check", "make test", "make release"]
    assert all(command.removeprefix("make ") in TARGETS for command in commands)
    assert all("timeout-minutes" in job for job in document["jobs"].values())


def test_gitlab_runs_the_same() -> None:
    document: dict[str, Any] = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
    jobs = {name: document[name] for name in document["stages"]}
    assert [job["script"] for job in jobs.values()] == [["make check"], ["make test"], ["make release"]]


def test_both_check_the_oldest_and_the_newest_python() -> None:
    github = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    gitlab = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
    versions = github["jobs"]["check"]["strategy"]["matrix"]["python"]
    assert gitlab["check"]["parallel"]["matrix"][0]["PYTHON_VERSION"] == versions
    classifiers = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text())
    assert versions == [classifiers[0], classifiers[-1]]


def test_issue_templates_and_the_development_container_parse() -> None:
    for path in (ROOT / ".github/ISSUE_TEMPLATE").iterdir():
        assert yaml.safe_load(path.read_text())
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    assert container["postCreateCommand"].endswith("make setup")
