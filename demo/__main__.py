"""Command line of the demo: starts the Procfile's programs, prints what to open, and stops them at Ctrl-C."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from lakehouse.process.commands import run, single_command


def main(arguments: Sequence[str] | None = None) -> int:
    return run(app, arguments, prog="python -m demo")


def start(
    seconds: Annotated[
        float | None,
        typer.Option(help="stop so long after the demo is ready and its history complete, and check the API"),
    ] = None,
) -> int:
    from demo.pipeline import Demo

    return Demo().run(seconds=seconds)


app = single_command(start, description="The whole pipeline on this machine.")

if __name__ == "__main__":
    sys.exit(main())
