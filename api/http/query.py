"""Names in a query string: each one known, given once, and without NUL."""

from collections.abc import Mapping

from django.http import QueryDict

from api.http.instants import shown
from lakehouse.errors import QueryError


def check_names(query: QueryDict, accepted: Mapping[str, str]) -> dict[str, str]:
    """Return {name: value} of a query string; ``accepted`` maps each name to what its value may be.

    Raises QueryError for a name that is not in ``accepted``, one that is repeated, and a value that holds NUL.
    """
    for name, values in query.lists():
        if name not in accepted:
            raise QueryError(
                parameter=shown(name).strip("'"),
                problem="there is no such parameter here",
                accepted=", ".join(accepted) or "none",
            )
        if len(values) > 1:
            raise QueryError(
                parameter=name, problem=f"it is given {len(values)} times", accepted="it once, or not at all"
            )
        if "\0" in values[0]:
            raise QueryError(parameter=name, problem="it holds a NUL", accepted=accepted[name])
    return {name: values[0] for name, values in query.lists()}


def check_no_names(query: QueryDict) -> None:
    """Raise QueryError where a query string has any parameter."""
    check_names(query, {})
