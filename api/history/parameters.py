"""The parameters of a history as data, and the French of the wire: names, values and hints.

`lakehouse` speaks English. This table alone translates, for questions, answers and errors.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from api.http.instants import INSTANT_ACCEPTED, INSTANT_PATTERN, PERIOD_ACCEPTED, PERIOD_PATTERN, shown
from api.http.patterns import in_any_case, whole
from api.http.renderers import MEDIA_TYPES
from lakehouse.engine.limits import REDUCE_HINT
from lakehouse.errors import CostError, QueryError
from lakehouse.history.cursor import CURSOR_HINT, CURSOR_PATTERN
from lakehouse.history.downsampling import MAX_POINTS, MIN_POINTS
from lakehouse.history.page import WHOLE_RANGE_HINT
from lakehouse.messages.contract import HORIZON_PATTERN, NAME_PATTERN, SYMBOL_PATTERN
from lakehouse.series.buckets import BUCKET_INTERVALS, RAW, Filling
from lakehouse.series.definitions import AXES, PREDICTION, SENTIMENT, Series

DEFAULT_PERIOD = "24h"
DEFAULT_LIMIT = 1000
MAX_LIMIT = 10_000
MAX_STREAMED = 1_000_000
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
SYMBOL_ACCEPTED = "1 to 20 ASCII letters and digits, such as btc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query parameter; ``only`` one series takes it, or all.

    ``shape`` is a pattern of its text, where more than that decides; ``example`` is one that works. ``values`` are the
    texts that it accepts, each with its value in `lakehouse`; ``core_name`` is its name there.
    """

    name: str
    meaning: str
    accepted: str
    pattern: str | None = None
    shape: str | None = None
    example: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    core_name: str = ""
    between: tuple[int, int] | None = None
    only: Series | None = None

    @property
    def one_of(self) -> tuple[str, ...]:
        return tuple(self.values)

    def takes(self, series: Series) -> bool:
        return self.only in (None, series)

    def check(self, text: str) -> str:
        """Return the text, if this parameter accepts it. Raises QueryError."""
        fits = not self.values or text in self.values
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

    def to_wire(self, value: str) -> str:
        """Return the text that stands for a value of `lakehouse`."""
        return next(text for text, own in self.values.items() if own == value)


_INTERVALS = {"brut": RAW, **{name: name for name in BUCKET_INTERVALS}}
_FILLINGS = {
    "aucun": Filling.NONE,
    "null": Filling.NULL,
    "precedent": Filling.PREVIOUS,
    "lineaire": Filling.LINEAR,
}
BY_TEXT, BY_STORY = "text", "story"
_HINTS: Mapping[str, str] = {
    CURSOR_HINT: "the curseur of a previous answer's suivant, untouched",
    REDUCE_HINT: "a shorter range, a wider intervalle, fewer points or a smaller limite",
    WHOLE_RANGE_HINT: "a shorter range, a wider intervalle, or a limite, beyond which suivant goes on",
}
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
        accepted=", ".join(_INTERVALS),
        values=_INTERVALS,
        core_name="interval",
    ),
    Parameter(
        name="fuseau",
        shape="^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$",
        meaning="time zone of buckets of a day, a week (from Monday) or a month; default UTC",
        accepted="a name of the IANA time zone database, such as Europe/Paris, with intervalle 1d, 1w or 1M",
    ),
    Parameter(
        name="remplissage",
        example="precedent",
        meaning="what a bucket without events becomes: left out, nulls, the bucket before, or a line; default aucun",
        accepted=", ".join(_FILLINGS),
        values=_FILLINGS,
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
        accepted=f"a whole number from 1 to {MAX_LIMIT}, or to {MAX_STREAMED} in other formats than json",
        between=(1, MAX_STREAMED),
    ),
    Parameter(
        name="curseur",
        shape=CURSOR_PATTERN,
        meaning="where to go on, from the suivant of the page before",
        accepted="an untouched suivant",
        core_name="cursor",
    ),
    Parameter(
        name="modele",
        example="ridge-price",
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
        values={axis: axis for axis in AXES},
        only=PREDICTION,
    ),
    Parameter(
        name="par",
        example="histoire",
        meaning="what counts as one in a bucket of sentiments: each text, or each story however many publish it; "
        "default texte",
        accepted="texte, histoire",
        values={"texte": BY_TEXT, "histoire": BY_STORY},
        core_name="by",
        only=SENTIMENT,
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
        name="connu_le",
        shape=INSTANT_PATTERN,
        meaning="the answer as it was known at this instant: without what the broker appended later; not together with "
        "version or a_la_date",
        accepted=INSTANT_ACCEPTED,
    ),
    Parameter(
        name="format",
        example="csv",
        meaning="the representation; wins over Accept",
        accepted=", ".join(MEDIA_TYPES),
        values={name: name for name in MEDIA_TYPES},
    ),
)
PARAMETER_OF: Mapping[str, Parameter] = {parameter.name: parameter for parameter in PARAMETERS}
INTERVAL, FILLING, BY = PARAMETER_OF["intervalle"], PARAMETER_OF["remplissage"], PARAMETER_OF["par"]
WIRE_RAW, WIRE_NO_FILLING = INTERVAL.to_wire(RAW), FILLING.to_wire(Filling.NONE)
WIRE_BY_TEXT = BY.to_wire(BY_TEXT)
_WIRE_NAMES = {parameter.core_name: parameter.name for parameter in PARAMETERS if parameter.core_name}

_SYMBOL = whole(in_any_case(SYMBOL_PATTERN))


def parse_symbol(text: str) -> str:
    """Return the symbol of a path, in lower case. Raises QueryError."""
    if _SYMBOL.fullmatch(text) is None:
        raise QueryError(parameter="symbol", problem=f"{shown(text)} is no symbol", accepted=SYMBOL_ACCEPTED)
    return text.lower()


@contextmanager
def wire_errors() -> Iterator[None]:
    """Raise the errors of `lakehouse` with the names and hints of the wire."""
    try:
        yield
    except QueryError as error:
        raise QueryError(
            parameter=_WIRE_NAMES.get(error.parameter, error.parameter),
            problem=error.problem,
            accepted=_HINTS.get(error.accepted, error.accepted),
        ) from error
    except CostError as error:
        raise CostError(spent=error.spent, accepted=_HINTS.get(error.accepted, error.accepted)) from error
