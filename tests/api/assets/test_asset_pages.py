"""Pages of the list of assets: every symbol once, in one order, however many strangers write."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.assets.listing import AssetCursor, encode_asset_cursor, page_of, sort_places
from tests.support.api_client import Api
from tests.support.lake_builder import build_lake

ApiOf = Callable[[Path], Api]
PATH = "/api/v1/actifs"


def read_all(api: Api, path: str) -> tuple[list[str], int]:
    symbols: list[str] = []
    n_pages = 0
    following: str | None = path
    while following is not None:
        answer = api.get(following)
        assert answer.status == 200
        assert answer.headers.get("Link") == (
            f'<{answer.document["suivant"]}>; rel="next"' if answer.document["suivant"] else None
        )
        symbols += [asset["symbol"] for asset in answer.document["actifs"]]
        following = answer.document["suivant"]
        n_pages += 1
    return symbols, n_pages


def test_pages_hold_every_symbol_once_those_of_the_catalogue_first(tmp_path: Path, api_of: ApiOf) -> None:
    strangers = [f"aa{number:02}" for number in range(25)]
    build_lake(
        tmp_path,
        price=[{"symbol": symbol} for symbol in (*strangers, "eth", "btc")],
        sentiment=[{"symbol": "btc"}, {"symbol": "zz"}],
    )
    api = api_of(tmp_path)

    symbols, n_pages = read_all(api, f"{PATH}?limite=7")

    assert symbols == ["btc", "eth", *strangers, "zz"]
    assert n_pages == 4
    assert read_all(api, PATH) == (symbols, 1)


def test_one_symbol_is_asked_for_by_name(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, price=[{"symbol": "zz"}, {}])
    api = api_of(tmp_path)

    (asset,) = api.get(f"{PATH}?symbole=zz").document["actifs"]

    assert asset["symbol"] == "zz"
    assert api.get(f"{PATH}?symbole=nobody").document == {"actifs": [], "suivant": None}


def test_rows_that_come_between_two_pages_move_no_symbol_to_a_page_before(
    tmp_path: Path, api_of: ApiOf
) -> None:
    lake = build_lake(tmp_path, price=[{"symbol": symbol} for symbol in ("ba", "bc", "be")])
    api = api_of(tmp_path)
    first = api.get(f"{PATH}?limite=2").document
    lake.append("gold_price", [{"symbol": symbol} for symbol in ("bb", "bd", "bf")])

    rest, _ = read_all(api, first["suivant"])

    assert [asset["symbol"] for asset in first["actifs"]] == ["ba", "bc"]
    assert rest == ["bd", "be", "bf"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limite=0", "limite"),
        ("limite=1001", "limite"),
        ("limite=x", "limite"),
        ("limite=", "limite"),
        ("limite=1&limite=2", "limite"),
        ("curseur=", "curseur"),
        ("curseur=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "curseur"),
        ("symbole=", "symbole"),
        ("symbole=%00", "symbole"),
        ("symbole=a%20b", "symbole"),
        ("symbole=btc&limite=3", "symbole"),
        ("page=2", "page"),
    ],
)
def test_a_wrong_parameter_is_named(tmp_path: Path, api_of: ApiOf, query: str, parameter: str) -> None:
    build_lake(tmp_path, price=[{}])

    answer = api_of(tmp_path).get(f"{PATH}?{query}")

    assert (answer.status, answer.document["parameter"]) == (400, parameter)
    assert answer.document["accepted"]


def test_a_cursor_of_another_key_or_of_a_history_is_refused(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, price=[{}, {}], sentiment=[{}])
    api = api_of(tmp_path)
    history = api.get(
        "/api/v1/prix/btc/historique?date_debut=2026-01-01&date_fin=2026-02-01&intervalle=brut&limite=1"
    )
    of_history = history.document["suivant"].partition("curseur=")[2].partition("&")[0]

    for cursor in (of_history, encode_asset_cursor(AssetCursor(order=None, symbol="btc"), b"another")):
        answer = api.get(f"{PATH}?curseur={cursor}")
        assert (answer.status, answer.document["parameter"]) == (400, "curseur")


NAMES = st.text("abz09", min_size=1, max_size=3)


@given(
    symbols=st.sets(NAMES, max_size=30),
    orders=st.dictionaries(NAMES, st.none() | st.integers(0, 5), max_size=20),
    limit=st.integers(1, 7),
)
def test_whatever_the_tables_hold_pages_are_the_whole_in_order(
    symbols: set[str], orders: dict[str, int | None], limit: int
) -> None:
    places = sort_places(symbols, orders)
    given_symbols: list[str] = []
    cursor: AssetCursor | None = None

    while True:
        page, cursor = page_of(places, cursor, limit)
        assert len(page) == limit or cursor is None
        given_symbols += page
        if cursor is None:
            break

    last = 9
    ranks = {symbol: last if order is None else order for symbol, order in orders.items()}
    assert given_symbols == sorted(symbols, key=lambda symbol: (ranks.get(symbol, last), symbol))
