"""The parameters of a history, as data, and what may stand for each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from api.http.instants import INSTANT_ACCEPTED, INSTANT_PATTERN, PERIOD_ACCEPTED, PERIOD_PATTERN, shown
from api.http.patterns import in_any_case, whole
from api.http.renderers import MEDIA_TYPES
from lakehouse.errors import QueryError
from lakehouse.history.cursor import CURSOR_PATTERN
from lakehouse.history.downsampling import MAX_POINTS, MIN_POINTS
from lakehouse.messages.contract import HORIZON_PATTERN, NAME_PATTERN, SYMBOL_PATTERN
from lakehouse.series.buckets import FILLINGS, INTERVALS
from lakehouse.series.definitions import AXES, PREDICTION, Series

DEFAULT_PERIOD = "24h"
DEFAULT_LIMIT = 1000
MAX_LIMIT = 10_000
MAX_STREAMED = 1_000_000
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
SYMBOL_ACCEPTED = "1 to 20 ASCII letters and digits, such as btc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query parameter; ``only`` one series takes it, or all. ``shape`` is what its text looks like, where more
    than that decides; ``example`` is one that works."""

    name: str
    meaning: str
    accepted: str
    pattern: str | None = None
    shape: str | None = None
    example: str | None = None
    one_of: tuple[str, ...] = ()
    between: tuple[int, int] | None = None
    only: Series | None = None

    def takes(self, series: Series) -> bool:
        return self.only in (None, series)

    def check(self, text: str) -> str:
        """The text, if it may stand for this parameter. Raises QueryError."""
        fits = not self.one_of or text in self.one_of
        if self.pattern is not None:
            fits = whole(self.pattern).fullmatch(text) is not None
        if self.between is not None:
            fits = (
                _WHOLE_NUMBER.fullmatch(text) is not None and self.between[0] <= int(text) <= self.between[1]
            )
        if not fits:
            raise QueryError(
                parameter=self.name, problem=f"{shown(text)} is not accepted", accepted=self.accepted
            )
        return text


PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        name="periode",
        example="7d",
        shape=f"^{PERIOD_PATTERN}$",
        meaning="how far back from now; not together with dates; default 24h",
        accepted=PERIOD_ACCEPTED,
    ),
    Parameter(
        name="date_debut",
        example="2026-01-01T09:30:00Z",
        shape=INSTANT_PATTERN,
        meaning="start of the range, included",
        accepted=INSTANT_ACCEPTED,
    ),
    Parameter(
        name="date_fin",
        example="2099-01-01",
        shape=INSTANT_PATTERN,
        meaning="end of the range, left out; default now",
        accepted=INSTANT_ACCEPTED,
    ),
    Parameter(
        name="intervalle",
        example="1h",
        meaning="brut for rows, or the width of a bucket; absent: by the span (predictions: always brut)",
        accepted=", ".join(INTERVALS),
        one_of=INTERVALS,
    ),
    Parameter(
        name="remplissage",
        example="precedent",
        meaning="what a bucket without events becomes: left out, nulls, the bucket before, or a line; default aucun",
        accepted=", ".join(FILLINGS),
        one_of=FILLINGS,
    ),
    Parameter(
        name="points",
        example="200",
        meaning="most points of the curve, chosen by min-max LTTB; alone from the whole range, with limite from a page",
        accepted=f"a whole number from {MIN_POINTS} to {MAX_POINTS}",
        between=(MIN_POINTS, MAX_POINTS),
    ),
    Parameter(
        name="limite",
        example="100",
        meaning=f"most points on a page, before points thins them; default {DEFAULT_LIMIT}",
        accepted=f"a whole number from 1 to {MAX_LIMIT}, or to {MAX_STREAMED} in csv, ndjson and arrow",
        between=(1, MAX_STREAMED),
    ),
    Parameter(
        name="curseur",
        shape=CURSOR_PATTERN,
        meaning="where to go on, from the suivant of the page before",
        accepted="an untouched suivant",
    ),
    Parameter(
        name="modele",
        example="drift",
        meaning="only this model's predictions",
        accepted=f"a name matching {NAME_PATTERN}",
        pattern=NAME_PATTERN,
        only=PREDICTION,
    ),
    Parameter(
        name="horizon",
        example="1h",
        meaning="only predictions of this horizon",
        accepted="a whole number and m, h or d, such as 5m, 1h, 24h",
        pattern=HORIZON_PATTERN,
        only=PREDICTION,
    ),
    Parameter(
        name="axe",
        example="target_time",
        meaning="the time that the range is on; default made_at",
        accepted=", ".join(AXES),
        one_of=AXES,
        only=PREDICTION,
    ),
    Parameter(
        name="version",
        meaning="time travel: the answer as it stood at this version of the series' table; not together with a_la_date",
        accepted="a whole number, such as snapshot's version of an earlier answer",
        between=(0, 10**15),
    ),
    Parameter(
        name="a_la_date",
        shape=INSTANT_PATTERN,
        meaning="time travel: the answer as it stood at this instant",
        accepted=INSTANT_ACCEPTED,
    ),
    Parameter(
        name="format",
        example="csv",
        meaning="the representation; wins over Accept",
        accepted=", ".join(MEDIA_TYPES),
        one_of=tuple(MEDIA_TYPES),
    ),
)
PARAMETER_OF: Mapping[str, Parameter] = {parameter.name: parameter for parameter in PARAMETERS}


_SYMBOL = whole(in_any_case(SYMBOL_PATTERN))


def parse_symbol(text: str) -> str:
    """The symbol of a path, in lower case. Raises QueryError."""
    if _SYMBOL.fullmatch(text) is None:
        raise QueryError(parameter="symbol", problem=f"{shown(text)} is no symbol", accepted=SYMBOL_ACCEPTED)
    return text.lower()
