"""The parameters of the list of assets as data."""

from typing import Final

from api.history.parameters import SYMBOL_ACCEPTED, Parameter
from lakehouse.history.cursor import CURSOR_PATTERN
from lakehouse.messages.contract import SYMBOL_PATTERN

DEFAULT_ASSETS: Final = 500
MAX_ASSETS: Final = 1_000
"""Assets on a page: a page of so many takes some 30 ms, however many there are."""

ASSET_PARAMETERS: Final = (
    Parameter(
        name="limite",
        example="100",
        meaning=f"most assets on a page; default {DEFAULT_ASSETS}",
        accepted=f"a whole number from 1 to {MAX_ASSETS}",
        between=(1, MAX_ASSETS),
    ),
    Parameter(
        name="curseur",
        shape=CURSOR_PATTERN,
        meaning="where to go on, from the suivant of the page before",
        accepted="an untouched suivant",
    ),
    Parameter(
        name="symbole",
        example="btc",
        meaning="only this symbol, none where no table has it; not together with the others",
        accepted=SYMBOL_ACCEPTED,
        pattern=SYMBOL_PATTERN,
    ),
)
