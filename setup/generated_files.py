"""Files of the repository that code generates: written anew, or checked to be what it generates."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def outdated_files(directory: Path, files: Mapping[str, str]) -> list[str]:
    """Names of the files ({name: content}) that are absent from the directory, or hold something else."""
    return [
        name
        for name, content in files.items()
        if not (directory / name).is_file() or (directory / name).read_text(encoding="utf-8") != content
    ]


def write_or_check(
    files: Mapping[str, str],
    arguments: Sequence[str] | None,
    *,
    directory: Path,
    module: str,
    description: str,
) -> int:
    """The command of a generator: writes what is outdated, or with --check names it and returns 1."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is outdated")
    parser.add_argument("--dir", type=Path, default=directory, help="where the files are")
    options = parser.parse_args(arguments)
    outdated = outdated_files(options.dir, files)
    if options.check:
        for name in outdated:
            print(f"{name} is outdated: run `python -m {module}`", file=sys.stderr)
        return 1 if outdated else 0
    options.dir.mkdir(parents=True, exist_ok=True)
    for name in outdated:
        (options.dir / name).write_text(files[name], encoding="utf-8")
        print(f"wrote {options.dir / name}")
    return 0
