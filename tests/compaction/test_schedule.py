"""Printed schedules, in the form that cron and systemd accept."""

import shlex
import sys
from pathlib import Path

import pytest

from compaction.__main__ import main
from compaction.schedule import to_crontab, to_systemd_units


def test_crontab_is_one_line_a_minute_that_the_command_line_understands() -> None:
    printed = to_crontab(lake="/data/my lake", folder=Path("/srv/crypto"))
    (line,) = [line for line in printed.splitlines() if not line.startswith("#")]
    *_, command = line.split(" && ")
    assert line.startswith("* * * * * cd /srv/crypto && sleep $(shuf -i 0-10 -n 1) && ")
    executable, _, module, *arguments = shlex.split(command)
    assert (executable, module) == (sys.executable, "compaction")
    assert arguments == ["run", "--lake", "/data/my lake", "--max-seconds", "50"]
    assert main([*arguments, "--help"]) == 0


def test_percent_sign_does_not_end_a_crontab_line() -> None:
    assert "/data/100\\%" in to_crontab(lake="/data/100%", folder=Path("/srv")).splitlines()[1]


@pytest.mark.parametrize(
    "line", ["SuccessExitStatus=75", "RandomizedDelaySec=10", "OnCalendar=minutely", "WorkingDirectory=/srv"]
)
def test_units_let_a_run_of_another_by_and_spread_their_starts(line: str) -> None:
    assert line in to_systemd_units(lake="/data/lake", folder=Path("/srv")).splitlines()
