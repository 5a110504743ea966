"""The French of the wire: values, names and hints of `lakehouse` in one table."""

import pytest

from api.history.parameters import FILLING, INTERVAL, wire_errors
from lakehouse.engine.limits import REDUCE_HINT
from lakehouse.errors import CostError, QueryError
from lakehouse.history.cursor import CURSOR_HINT
from lakehouse.history.page import WHOLE_RANGE_HINT
from lakehouse.series.buckets import INTERVALS, Filling


def test_every_interval_and_filling_has_one_text() -> None:
    assert tuple(INTERVAL.values.values()) == INTERVALS
    assert tuple(FILLING.values.values()) == tuple(Filling)
    assert INTERVAL.one_of == (
        *("brut", "1m", "5m", "15m", "30m", "1h", "2h", "4h", "12h", "1d", "1w", "1M"),
    )
    assert FILLING.one_of == ("aucun", "null", "precedent", "lineaire")
    assert [INTERVAL.values[INTERVAL.to_wire(interval)] for interval in INTERVALS] == list(INTERVALS)


@pytest.mark.parametrize(
    ("parameter", "hint", "on_the_wire", "accepted"),
    [
        ("cursor", CURSOR_HINT, "curseur", "the curseur of a previous answer's suivant, untouched"),
        (
            "points",
            WHOLE_RANGE_HINT,
            "points",
            "a shorter range, a wider intervalle, or a limite, beyond which suivant goes on",
        ),
        ("interval", "1h or wider", "intervalle", "1h or wider"),
    ],
)
def test_error_names_what_the_wire_calls_it(
    parameter: str, hint: str, on_the_wire: str, accepted: str
) -> None:
    with pytest.raises(QueryError) as caught, wire_errors():
        raise QueryError(parameter=parameter, problem="wrong", accepted=hint)
    error = caught.value
    assert (error.parameter, error.problem, error.accepted) == (on_the_wire, "wrong", accepted)


def test_stopped_statement_hints_at_parameters_of_the_wire() -> None:
    with pytest.raises(CostError) as caught, wire_errors():
        raise CostError(spent="1 s", accepted=REDUCE_HINT)
    assert caught.value.accepted == "a shorter range, a wider intervalle, fewer points or a smaller limite"
