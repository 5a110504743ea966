"""Entry point of the table service: `python -m compaction`."""

from collections.abc import Sequence

from compaction import entry_point
from compaction.command_line import app
from lakehouse.process.stopping import end_process

PROGRAM = "python -m compaction"


def main(arguments: Sequence[str] | None = None) -> int:
    return entry_point.run(app, arguments, prog=PROGRAM)


if __name__ == "__main__":
    end_process(main())
