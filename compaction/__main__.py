"""Entry point of the table service: `python -m compaction`."""

import sys
from collections.abc import Sequence

from compaction import entry_point
from compaction.command_line import app

PROGRAM = "python -m compaction"


def main(arguments: Sequence[str] | None = None) -> int:
    return entry_point.run(app, arguments, prog=PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
