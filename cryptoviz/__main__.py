"""Entry point of `cryptoviz` and of `python -m cryptoviz`."""

import sys
from collections.abc import Sequence

from cryptoviz.commands import COMMANDS, to_help, to_unknown

EXIT_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    name, *rest = (sys.argv[1:] if arguments is None else arguments) or [""]
    if name in ("--help", "-h", "help"):
        print(to_help())
        return 0
    if name not in COMMANDS:
        print(to_unknown(name) if name else to_help(), file=sys.stderr)
        return EXIT_USAGE
    return COMMANDS[name].run(rest)


if __name__ == "__main__":
    sys.exit(main())
