"""The name that was probably meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.process.suggestions import _MAX_NAMES, did_you_mean, nearest

NAMES = ("sentiment", "prediction", "prix", "BTC/USD", "ETH/USD", "LAKE_URI")


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("prx", "; did you mean prix?"),
        ("PRIX", "; did you mean prix?"),
        ("btc/usd", "; did you mean BTC/USD?"),
        ("LAKE_URL", "; did you mean LAKE_URI?"),
        ("lake_url", "; did you mean LAKE_URI?"),
        ("", ""),
        ("volume", ""),
        ("sentiment" + "!" * 100, ""),
    ],
)
def test_a_message_ends_with_the_closest_name(text: str, end: str) -> None:
    assert did_you_mean(text, NAMES) == end


def test_several_names_are_listed_with_the_closest_first() -> None:
    assert did_you_mean("BTC/USD", NAMES, n_most=2) == "; did you mean BTC/USD, ETH/USD?"


@given(text=st.text(max_size=60), names=st.lists(st.text(min_size=1, max_size=12), max_size=6))
def test_whatever_is_suggested_is_one_of_the_names(text: str, names: list[str]) -> None:
    assert set(nearest(text, names, n_most=3)) <= set(names)


def test_among_many_names_those_that_begin_alike_are_compared() -> None:
    names = [f"{letter}coin{number}" for letter in "abc" for number in range(_MAX_NAMES)]

    assert nearest("bcoim7", names) == ["bcoin7"]
    assert nearest("zcoin7", names) == []
