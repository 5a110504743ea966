"""Entry point of `cryptoviz` and of `python -m cryptoviz`."""

import os
import sys
import threading
from collections.abc import Sequence
from typing import NoReturn

from cryptoviz.commands import COMMANDS, to_help, to_unknown, to_version

EXIT_DONE, EXIT_USAGE = 0, 2


def main(arguments: Sequence[str] | None = None) -> int:
    name, *rest = (sys.argv[1:] if arguments is None else arguments) or [""]
    if name in ("--help", "-h", "help"):
        print(to_help())
        return EXIT_DONE
    if name in ("--version", "-V", "version"):
        print(to_version())
        return EXIT_DONE
    if name not in COMMANDS:
        print(to_unknown(name) if name else to_help(), file=sys.stderr)
        return EXIT_USAGE
    return COMMANDS[name].run(rest)


def start() -> NoReturn:
    """Run as a process. A program with background threads ends as it does under its own name."""
    if set(sys.argv[1:2]) & COMMANDS.keys():
        from lakehouse.process.private_files import restrict_new_files  # help imports no package of ours

        restrict_new_files(os.environ)
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of the pipe has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_DONE
    if threading.active_count() > 1:
        from lakehouse.process.stopping import end_process

        end_process(code)
    sys.exit(code)


if __name__ == "__main__":
    start()
