"""Wheels of this project, and empty Python environments that hold one with what it declares, and nothing else."""

import os
import subprocess
import sys
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.processes import ROOT, clean_environ

BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"


def build_wheel(target: Path, *, source: Path = ROOT, epoch: str | None = None) -> Path:
    """Build the wheel of a source tree with the backend that pip calls, and return its path."""
    environ = clean_environ({} if epoch is None else {"SOURCE_DATE_EPOCH": epoch})
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(target)],
        cwd=source,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return target / done.stdout.split()[-1]


class WheelEnvironment:
    """An environment without packages, into which pip installs a wheel; what it requires is linked from this one.

    Only the requirements that its metadata declares are there, with theirs: an import beyond them fails, as it does
    after `pip install`, and a range that excludes the locked version fails at once.
    """

    def __init__(self, folder: Path, wheel: Path) -> None:
        venv.create(folder, with_pip=False, symlinks=True)
        self.bin = folder / "bin"
        self.python = self.bin / "python"
        self.site_packages = next(folder.glob("lib/python*/site-packages"))
        pip = [sys.executable, "-m", "pip", "--python", str(self.python)]
        subprocess.run([*pip, "install", "-q", "--no-deps", "--no-index", str(wheel)], check=True)
        installed = next(self.site_packages.glob("cryptoviz-*.dist-info"))
        self._linked: set[str] = set()
        self._link_requirements(Distribution.at(installed), frozenset())

    def run(self, *command: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
        """Run a program of the environment in a folder, to its end."""
        program, *arguments = command
        return subprocess.run(
            [str(self.bin / program), *arguments],
            cwd=cwd,
            env=clean_environ(),
            capture_output=True,
            text=True,
            check=False,
        )

    def _link_requirements(self, owner: Distribution, extras: frozenset[str]) -> None:
        for text in owner.requires or ():
            requirement = Requirement(text)
            environments = [{"extra": extra} for extra in extras or {""}]
            if requirement.marker is not None and not any(map(requirement.marker.evaluate, environments)):
                continue
            found = distribution(requirement.name)
            assert requirement.specifier.contains(found.version, prereleases=True), (text, found.version)
            name = f"{canonicalize_name(requirement.name)}{sorted(requirement.extras)}"
            if name not in self._linked:
                self._linked.add(name)
                self._link_files(found)
                self._link_requirements(found, frozenset(requirement.extras))

    def _link_files(self, found: Distribution) -> None:
        for top in {path.parts[0] for path in found.files or ()} - {"..", "__pycache__"}:
            source, link = Path(str(found.locate_file(top))), self.site_packages / top
            if source.exists() and not link.exists():
                os.symlink(source, link)
