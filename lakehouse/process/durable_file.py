"""A small local file that is replaced as a whole."""

import os
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Atomic and durable: after a crash the file holds this content or the one before. Makes the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f"{path.name}.{os.getpid()}.part")
    with written.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    written.replace(path)
