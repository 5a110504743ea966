"""Folders of the jars: beside the code in a checkout, below the environment where a wheel was installed."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""Folder of the packages: the checkout, or site-packages."""


def jars_folder(root: Path, environment: Path) -> Path:
    """Return the folder of the installed jars, for packages below ``root`` that run in a Python ``environment``.

    It does not depend on the settings: jars belong to the code, and a lake does not.
    """
    is_checkout = (root / "pyproject.toml").is_file()
    return root / ".runtime" / "jars" if is_checkout else environment / "share" / "cryptoviz" / "jars"


def java_sources(root: Path) -> Path:
    """Return the folder of the project's Java sources; a wheel holds them beside this module."""
    in_checkout = root / "jvm" / "src" / "main" / "java"
    return in_checkout if in_checkout.is_dir() else Path(__file__).parent / "java"


def let_everyone_read(folder: Path) -> None:
    """Let every user read a folder and what is in it: services run as another user than the one who installed.

    Files that programs make are their user's alone otherwise; jars are published.
    """
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))


JARS = jars_folder(ROOT, Path(sys.prefix))
SPARK_JARS = JARS / "spark"
KAFKA_JARS = JARS / "kafka"
ARCHIVES = JARS / "archives"
"""Class-data archives, see `streaming.spark.class_archives`."""
INSTALL_HINT = "run `cryptoviz jars`, or in a checkout `make setup`"
