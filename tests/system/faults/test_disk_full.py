"""Full disk under the tables: ingestion waits for space and then continues."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.waiting import wait_until
from tests.system.faults.conftest import Rig, Traffic, new_rig

LAKE_BYTES = 4 * 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of a few megabytes."""
    directory = tmp_path / "disk"
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={LAKE_BYTES}", "tmpfs", str(directory)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def test_full_disk_stops_nothing_for_good_and_loses_nothing(tmp_path: Path, small_disk: Path) -> None:
    with new_rig(tmp_path, small_disk / "lake") as rig:
        _fill_and_free(rig, small_disk)


def _fill_and_free(rig: Rig, disk: Path) -> None:
    traffic = Traffic(rig.broker.bootstrap, seed=7)
    traffic.start()
    rig.start()
    wait_until(lambda: rig.n_accounted() > 0, "ingestion of the first rows")
    ballast = disk / "ballast"
    with pytest.raises(OSError, match="No space left"):
        _fill(ballast)
    wait_until(lambda: "ingest interrupted" in rig.log_text(), "a clear line about the disk")
    traffic.stop()
    ballast.unlink()
    rig.finish()
    assert "No space left" in rig.log_text()


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
