"""Generated files of the repository: contract, tables, settings, limits, HTTP reference, architecture, dashboard.

python -m setup.docs            # writes those that are outdated
python -m setup.docs --check    # names them instead, and exits 1
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from setup import architecture, contract_docs, dashboard, http_reference, limits_docs, reference_docs

ROOT = Path(__file__).resolve().parent.parent
GENERATORS = (contract_docs, reference_docs, limits_docs, http_reference, architecture, dashboard)


def to_files() -> dict[str, str]:
    """Return {path below the repository: content} of every generated file."""
    return {path: content for generator in GENERATORS for path, content in generator.to_files().items()}


def outdated_files(root: Path, files: Mapping[str, str]) -> list[str]:
    """Return the paths of the files that are absent below a folder, or hold something else."""
    return [
        path
        for path, content in files.items()
        if not (root / path).is_file() or (root / path).read_text(encoding="utf-8") != content
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    description, _, _ = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(prog="python -m setup.docs", description=description)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is outdated")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder of the repository")
    options = parser.parse_args(arguments)
    files = to_files()
    outdated = outdated_files(options.root, files)
    for path in outdated:
        if options.check:
            print(f"{path} is outdated: run `python -m setup.docs`", file=sys.stderr)
            continue
        target = options.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(files[path], encoding="utf-8")
        print(f"wrote {target}")
    return 1 if options.check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
