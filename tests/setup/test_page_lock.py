"""Locks of packages of Node.js: digests for all of them, and no registry."""

import json
from pathlib import Path
from typing import Any

import pytest

from setup.openapi_tools import LOCKS
from setup.viewer import FRONTEND

pytestmark = pytest.mark.parametrize("folder", [FRONTEND, LOCKS], ids=["page", "openapi tools"])


def locked_packages(folder: Path) -> dict[str, dict[str, Any]]:
    lock: dict[str, Any] = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    return {name: package for name, package in lock["packages"].items() if name}


def test_every_package_has_a_digest(folder: Path) -> None:
    assert len(locked_packages(folder)) > 5
    assert [name for name, package in locked_packages(folder).items() if "integrity" not in package] == []


def test_lock_names_no_registry(folder: Path) -> None:
    assert [name for name, package in locked_packages(folder).items() if "resolved" in package] == []


def test_what_is_asked_for_is_pinned_exactly(folder: Path) -> None:
    package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    versions = {**package.get("dependencies", {}), **package["devDependencies"]}
    assert {name: version for name, version in versions.items() if not version[0].isdigit()} == {}
