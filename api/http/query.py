"""Names in a query string: each one known, given once and in one language, and without NUL."""

from collections.abc import Mapping

from django.http import QueryDict

from api.http.instants import shown
from lakehouse.errors import QueryError

ENGLISH_NAMES: Mapping[str, str] = {
    "periode": "period",
    "date_debut": "start",
    "date_fin": "end",
    "intervalle": "interval",
    "remplissage": "fill",
    "limite": "limit",
    "curseur": "cursor",
    "modele": "model",
    "axe": "axis",
    "a_la_date": "as_of",
    "connu_le": "known_at",
    "par": "by",
    "symboles": "symbols",
    "fuseau": "timezone",
    "apres": "after",
}
"""English spellings of parameters; every other name is the same in both languages."""
_OWN_NAMES = {english: name for name, english in ENGLISH_NAMES.items()}


def check_names(query: QueryDict, accepted: Mapping[str, str]) -> dict[str, str]:
    """Return {name: value} of a query string; ``accepted`` maps each name to what its value may be.

    An English name stands for its parameter. Raises QueryError for a name that is not in ``accepted``, one that is
    repeated or given in both languages, and a value that holds NUL.
    """
    values_of: dict[str, str] = {}
    for given, values in query.lists():
        name = _OWN_NAMES.get(given, given)
        if name not in accepted:
            raise QueryError(
                parameter=shown(given).strip("'"),
                problem="there is no such parameter here",
                accepted=", ".join(accepted) or "none",
            )
        if len(values) > 1:
            raise QueryError(
                parameter=given, problem=f"it is given {len(values)} times", accepted="it once, or not at all"
            )
        if name in values_of:
            raise QueryError(
                parameter=given,
                problem=f"{name} and {ENGLISH_NAMES[name]} are one parameter, and both are given",
                accepted="one of the two",
            )
        if "\0" in values[0]:
            raise QueryError(parameter=given, problem="it holds a NUL", accepted=accepted[name])
        values_of[name] = values[0]
    return values_of


def check_no_names(query: QueryDict) -> None:
    """Raise QueryError where a query string has any parameter."""
    check_names(query, {})


def as_given(name: str, query: QueryDict) -> str:
    """Return the name that a query string gives a parameter.

    >>> as_given("limite", QueryDict("limit=0")), as_given("limite", QueryDict("limite=0"))
    ('limit', 'limite')
    """
    english = ENGLISH_NAMES.get(name, name)
    return english if english in query and name not in query else name
