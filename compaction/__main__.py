"""Entry point of the table service: `python -m compaction`."""

from functools import partial

from compaction import entry_point
from compaction.command_line import app
from lakehouse.process.stopping import end_process

main = partial(entry_point.run, app, prog="python -m compaction")

if __name__ == "__main__":
    end_process(main())
