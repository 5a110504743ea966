"""Modes of files that a program makes: its own user's alone, unless CRYPTOVIZ_UMASK says otherwise."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

UMASK_VARIABLE = "CRYPTOVIZ_UMASK"
PRIVATE_UMASK = "077"
UMASK_PATTERN = re.compile(r"0?[0-7]{3}", re.ASCII)


def restrict_new_files(environ: Mapping[str, str]) -> None:
    """Set the umask of this process and those that it starts. A wrong one is refused where settings are read."""
    text = environ.get(UMASK_VARIABLE) or PRIVATE_UMASK
    os.umask(int(text if UMASK_PATTERN.fullmatch(text) else PRIVATE_UMASK, 8))


def restrict_file(path: Path, umask: str) -> None:
    """Take from a file, where there is one and it is ours, the permissions that a umask denies."""
    with suppress(OSError):
        mode = path.stat().st_mode & 0o777
        if mode & int(umask, 8):
            path.chmod(mode & ~int(umask, 8))
