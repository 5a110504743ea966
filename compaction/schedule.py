"""Schedule as text to install: a line of a crontab, or a systemd service and its timer."""

import shlex
import sys
from pathlib import Path

MAX_SECONDS = 50
JITTER_SECONDS = 10
_CRONTAB = """\
# The table service of {lake}, once a minute. Two runs never overlap; a run starts no rewrite after {max_seconds} s.
* * * * * cd {folder} && sleep $(shuf -i 0-{jitter_seconds} -n 1) && {command}
"""
_SYSTEMD = """\
# ~/.config/systemd/user/cryptoviz-compaction.service
[Unit]
Description=Table service of {lake}

[Service]
Type=oneshot
WorkingDirectory={folder}
ExecStart={command}
# Another run is at work: not a failure.
SuccessExitStatus=75

# ~/.config/systemd/user/cryptoviz-compaction.timer
[Unit]
Description=Table service of {lake}, once a minute

[Timer]
OnCalendar=minutely
RandomizedDelaySec={jitter_seconds}
Persistent=true

[Install]
WantedBy=timers.target
"""


def to_crontab(*, lake: str, folder: Path) -> str:
    """Return the lines of a crontab, for `crontab -`."""
    return _fill(_CRONTAB, lake=lake, folder=folder, quoted_percent="\\%")


def to_systemd_units(*, lake: str, folder: Path) -> str:
    """Return a service and its timer, each after a comment with its file name."""
    return _fill(_SYSTEMD, lake=lake, folder=folder, quoted_percent="%%")


def _fill(template: str, *, lake: str, folder: Path, quoted_percent: str) -> str:
    words = [sys.executable, "-m", "compaction", "run", "--lake", lake, "--max-seconds", str(MAX_SECONDS)]
    return template.format(
        lake=lake,
        folder=shlex.quote(str(folder)).replace("%", quoted_percent),
        command=shlex.join(words).replace("%", quoted_percent),
        max_seconds=MAX_SECONDS,
        jitter_seconds=JITTER_SECONDS,
    )
