"""Parsers of numbers in command lines, with the accepted range in their own words."""

from collections.abc import Callable

import typer


def number_parser(accepted: str, *, at_least: float, at_most: float) -> Callable[[str], float]:
    """Return a parser that accepts numbers of a range, and otherwise says what is ``accepted``."""

    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not at_least <= number <= at_most:
            raise typer.BadParameter(f"{text!r} is not {accepted}")
        return number

    return parse


parse_seconds = number_parser("a number of seconds above 0", at_least=1e-3, at_most=1e9)
