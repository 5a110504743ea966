"""Lock of the page's packages: digests for all of them, and no registry."""

import json
from typing import Any

from setup.viewer import FRONTEND


def locked_packages() -> dict[str, dict[str, Any]]:
    lock: dict[str, Any] = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))
    return {name: package for name, package in lock["packages"].items() if name}


def test_every_package_has_a_digest() -> None:
    assert len(locked_packages()) > 5
    assert [name for name, package in locked_packages().items() if "integrity" not in package] == []


def test_lock_names_no_registry() -> None:
    assert [name for name, package in locked_packages().items() if "resolved" in package] == []


def test_what_the_page_is_made_of_is_pinned_exactly() -> None:
    package = json.loads((FRONTEND / "package.json").read_text(encoding="utf-8"))
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert {name: version for name, version in versions.items() if not version[0].isdigit()} == {}
