"""Options of every command line that generates a market."""

from typing import Annotated

import typer

from lakehouse.process.number_option import number_option
from streaming.feed.prices.behaviour import SETTINGS, USUAL, Behaviour, BehaviourError, parse_behaviour

Link = Annotated[
    float,
    number_option(
        "a strength from 0 to 10",
        at_least=0,
        at_most=10,
        help="how strongly news move prices",
        metavar="STRENGTH",
    ),
]
MarketSettings = Annotated[
    str,
    typer.Option("--market", metavar="NAME=NUMBER,...", help="how prices behave, see below"),
]

SETTINGS_HELP = "\n".join(
    [
        "settings of --market, each with its default:",
        *(f"  {f'{name}={getattr(USUAL, name):g}':<26}{each.help}" for name, each in SETTINGS.items()),
    ]
)


def to_behaviour(link: float, market: str) -> Behaviour:
    """Return the behaviour that the options describe. Raises: BadParameter."""
    try:
        return parse_behaviour(market, link=link)
    except BehaviourError as error:
        raise typer.BadParameter(str(error), param_hint="--market") from error
