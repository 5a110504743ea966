"""Whatever a client sends, it gets an answer that names what was wrong, quickly, and never a 500."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.api_client import Api
from tests.support.lake_builder import NOON, build_lake
from tests.support.profiles import sized

ApiOf = Callable[[Path], Api]
SERIES = ("sentiment", "prediction", "prix")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, module_api_of: ApiOf) -> Api:
    path = tmp_path_factory.mktemp("lake")
    build_lake(path, sentiment=[{}, {"event_time": NOON}], prediction=[{}, {}], price=[{}, {}])
    return module_api_of(path)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("periode=", "periode"),
        ("periode=forever", "periode"),
        ("periode=24h&periode=24h", "periode"),
        ("periode=24h&date_debut=2026-01-01", "periode"),
        ("periode=24h&date_fin=2026-01-01", "periode"),
        ("periode=1000y", "periode"),
        ("periode=%00", "periode"),
        ("periode=24h%00", "periode"),
        ("periode=%FF%FE", "periode"),
        ("date_debut=hier", "date_debut"),
        ("date_debut=2026-01-02&date_fin=2026-01-01", "date_debut"),
        ("date_debut=2026-01-01&date_fin=2026-01-01", "date_debut"),
        ("date_debut=2050-01-01", "date_debut"),
        ("date_debut=2026-01-01&date_debut=2026-01-01", "date_debut"),
        ("date_debut=12026-01-01", "date_debut"),
        ("date_fin=inf", "date_fin"),
        ("date_fin=%D9%A2%D9%A0%D9%A2%D9%A6-01-01", "date_fin"),
        ("intervalle=2m", "intervalle"),
        ("intervalle=2M", "intervalle"),
        ("intervalle=1W", "intervalle"),
        ("fuseau=", "fuseau"),
        ("fuseau=Paris&intervalle=1d", "fuseau"),
        ("fuseau=..%2Fetc&intervalle=1d", "fuseau"),
        ("fuseau=Europe%2FParis&intervalle=1h", "fuseau"),
        ("fuseau=Europe%2FParis&intervalle=brut", "fuseau"),
        ("intervalle=", "intervalle"),
        ("intervalle=1m&periode=1y", "intervalle"),
        ("limite=0", "limite"),
        ("limite=-1", "limite"),
        ("limite=10001", "limite"),
        ("limite=1e3", "limite"),
        ("limite=1.0", "limite"),
        ("limite=%EF%BC%91", "limite"),
        ("limite=" + "9" * 5000, "limite"),
        ("limite=1&limite=2", "limite"),
        ("curseur=", "curseur"),
        ("curseur=abc", "curseur"),
        ("curseur=" + "A" * 9000, "curseur"),
        ("curseur=%00", "curseur"),
        ("bogus=1", "bogus"),
        ("PERIODE=24h", "PERIODE"),
        ("=1", ""),
        ("remplissage=null&intervalle=brut", "remplissage"),
        ("remplissage=zero", "remplissage"),
        ("points=3", "points"),
        ("points=10001", "points"),
        ("points=010", "points"),
        ("version=99", "version"),
        ("version=-1", "version"),
        ("version=1&a_la_date=2026-01-01", "version"),
        ("a_la_date=hier", "a_la_date"),
        ("a_la_date=2050-01-01", "a_la_date"),
        ("format=", "format"),
        ("format=xml", "format"),
        ("format=csv&format=csv", "format"),
        ("format=csv&limite=1000001", "limite"),
        ("points=10&limite=200001&format=csv", "limite"),
        ("modele=vader", "modele"),
    ],
)
def test_bad_parameter_is_400_and_named(api: Api, query: str, parameter: str) -> None:
    answer = api.history("sentiment", query)
    assert (answer.status, answer.document["parameter"]) == (400, parameter)
    assert answer.document["accepted"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("intervalle=5m", "intervalle"),
        ("modele=", "modele"),
        ("modele=a%20b", "modele"),
        ("modele=' OR 1=1 --", "modele"),
        ("modele=a&modele=b", "modele"),
        ("modele=" + "a" * 65, "modele"),
        ("horizon=0h", "horizon"),
        ("horizon=1y", "horizon"),
        ("axe=event_time", "axe"),
        ("axe=", "axe"),
        ("axe=made_at%0A", "axe"),
    ],
)
def test_bad_parameter_of_predictions_is_400_and_named(api: Api, query: str, parameter: str) -> None:
    answer = api.history("prediction", query)
    assert (answer.status, answer.document["parameter"]) == (400, parameter)


@pytest.mark.parametrize(
    "symbol",
    [
        "..",
        "../../etc",
        "..%2F..%2Fetc%2Fpasswd",
        "btc'; drop table gold_sentiment; --",
        "btc\0",
        "btc\n",
        "b t c",
        "ｂｔｃ",
        "\u212a",
        "İ",
        "ß",
        "b" * 21,
        "b" * 50_000,
        "*",
        "btc%",
        "$symbol",
        "💥",
        "btc/eth",
        "",
    ],
)
def test_hostile_symbol_is_400_and_named(api: Api, symbol: str) -> None:
    answer = api.get(f"/api/v1/sentiment/{quote(symbol, safe='%/')}/historique")
    assert (answer.status, answer.document["parameter"]) == (400, "symbol")


def test_cursor_of_another_path_or_question_is_400(api: Api) -> None:
    first = api.history("sentiment", "intervalle=brut&limite=1").document["suivant"]
    query = first.partition("?")[2]
    assert api.history("prix", query).document["parameter"] == "curseur"
    assert api.history("sentiment", query, symbol="eth").document["parameter"] == "curseur"
    assert api.history("sentiment", query + "&periode=7d").document["parameter"] == "periode"
    changed = api.history("sentiment", query.replace("brut", "5m"))
    assert (changed.status, changed.document["parameter"]) == (400, "intervalle")


def test_cursor_alone_is_enough(api: Api) -> None:
    first = api.history("sentiment", "intervalle=brut&limite=1").document["suivant"]
    assert api.history("sentiment", f"curseur={first.partition('curseur=')[2]}").status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/nothing", 404),
        ("/api/v1/sentiment/btc", 404),
        ("/api/v1/sentiment//historique", 400),
        ("/api", 404),
    ],
)
def test_path_that_is_not_served_is_a_problem(api: Api, path: str, status: int) -> None:
    assert api.get(path).status == status


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BOGUS"])
@pytest.mark.parametrize(
    "path", ["/api/v1/sentiment/btc/historique", "/api/v1/actifs", "/healthz", "/readyz"]
)
def test_other_method_is_405(api: Api, method: str, path: str) -> None:
    response = api.client.generic(method, path, data="{", content_type="application/json")
    assert (response.status_code, response.headers["Content-Type"]) == (405, "application/problem+json")
    assert "GET" in response.headers["Allow"]


def test_representation_that_is_not_made_is_406(api: Api) -> None:
    answer = api.get("/api/v1/sentiment/btc/historique", Accept="text/html")
    assert (answer.status, answer.document["accepted"]) == (
        406,
        "application/json, text/csv, application/x-ndjson, application/vnd.apache.arrow.stream, "
        "application/vnd.apache.parquet",
    )
    assert api.get("/api/v1/actifs", Accept="text/csv").document["accepted"] == "application/json"


@pytest.mark.timeout(60)  # what is not linear in the length of a query takes longer
def test_huge_query_is_refused(api: Api) -> None:
    assert api.history("sentiment", "a" * 100_000).status == 400
    assert api.history("sentiment", "&".join(f"p{i}=1" for i in range(20_000))).status == 400
    assert api.history("sentiment", "periode=" + "9" * 100_000).status == 400


HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "",
            "\0",
            "'",
            '"; --',
            "24h",
            "brut",
            "1d",
            "2026-01-01",
            "9" * 400,
            "NaN",
            "-0",
            "null",
            "[]",
            "%s",
            "{rows}",
        ]
    ),
    st.integers().map(str),
)
NAMES = st.sampled_from(
    [
        "periode",
        "date_debut",
        "date_fin",
        "intervalle",
        "limite",
        "curseur",
        "modele",
        "horizon",
        "axe",
        "points",
        "x",
        "",
    ]
)


@settings(max_examples=sized(quick=40, full=150, soak=2_000))
@given(series=st.sampled_from(SERIES), given_parameters=st.lists(st.tuples(NAMES, HOSTILE), max_size=4))
def test_any_parameters_get_an_answer_or_a_400(
    api: Api, series: str, given_parameters: list[tuple[str, str]]
) -> None:
    answer = api.history(series, urlencode(given_parameters, errors="surrogatepass"))
    assert answer.status in (200, 400)
    if answer.status == 400:
        assert answer.document["parameter"] in {name for name, _ in given_parameters}


@given(symbol=st.text(min_size=1, max_size=30))
def test_any_symbol_gets_an_answer(api: Api, symbol: str) -> None:
    escaped = quote(symbol, safe="", errors="surrogatepass")
    assert api.get(f"/api/v1/prix/{escaped}/historique").status in (200, 400, 404)


@given(query=st.binary(max_size=60))
def test_any_bytes_as_a_query_get_an_answer(api: Api, query: bytes) -> None:
    assert api.history("sentiment", query.decode("latin-1")).status in (200, 400)
