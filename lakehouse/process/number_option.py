"""Options of command lines that take a number of a range."""

from typing import Any

import typer

MAX_SECONDS = 1e9


def number_option(accepted: str, *, at_least: float, at_most: float, help: str, metavar: str = "N") -> Any:
    """Return a typer option of numbers in a range, which otherwise says what is ``accepted``."""

    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not at_least <= number <= at_most:
            raise typer.BadParameter(f"{text!r} is not {accepted}")
        return number

    return typer.Option(help=help, metavar=metavar, parser=parse)


def wait_option(help: str, *, at_least: float = 1e-3, metavar: str = "SECONDS") -> Any:
    """Return a typer option of seconds that a clock can hold, which `--help` describes as ``help``."""
    accepted = f"a number of seconds from {at_least:g} to {MAX_SECONDS:g}"
    return number_option(accepted, at_least=at_least, at_most=MAX_SECONDS, help=help, metavar=metavar)


def seconds_option() -> Any:
    """Return a typer option of the seconds after which a program ends."""
    return number_option(
        "a number of seconds above 0",
        at_least=1e-3,
        at_most=MAX_SECONDS,
        help="end after so long (default: never)",
        metavar="SECONDS",
    )
