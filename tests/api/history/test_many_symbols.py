"""Many symbols in one question over HTTP: their series, shares, cursors, representations and errors."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.api_client import Api
from tests.support.json_schema import Draft202012Validator
from tests.support.lake_builder import NOON, LakeBuilder, build_lake
from tests.support.profiles import sized

ApiOf = Callable[[Path], Api]
SYMBOLS = ("btc", "eth", "sol")
SERIES = ("sentiment", "prediction", "prix")
SCHEMAS = {"sentiment": "SentimentHistories", "prediction": "PredictionHistories", "prix": "PriceHistories"}


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> LakeBuilder:
    times = [(symbol, NOON + timedelta(minutes=7 * n)) for n in range(20) for symbol in SYMBOLS[: 1 + n % 3]]
    return build_lake(
        tmp_path_factory.mktemp("lake"),
        sentiment=[
            {"symbol": symbol, "event_time": time, "score": time.minute / 60} for symbol, time in times
        ],
        prediction=[
            {"symbol": symbol, "made_at": time, "target_time": time + timedelta(hours=1)}
            for symbol, time in times
        ],
        price=[
            {"symbol": symbol, "event_time": time, "price": 100.0 + time.minute} for symbol, time in times
        ],
    )


@pytest.fixture(scope="module")
def api(builder: LakeBuilder, module_api_of: ApiOf) -> Api:
    return module_api_of(builder.path)


def ask(api: Api, series: str, query: str) -> Any:
    return api.get(f"/api/v1/{series}/historique", query)


SHAPES = st.one_of(
    st.just(""),
    st.sampled_from(["points=4", "points=4&limite=300", "version=1"]),
    st.sampled_from(
        ["intervalle=1h", "intervalle=5m&remplissage=lineaire", "intervalle=1d", "intervalle=brut"]
    ),
)


@settings(
    max_examples=sized(quick=25, full=40, soak=400),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    series=st.sampled_from(SERIES),
    symbols=st.lists(st.sampled_from(SYMBOLS), min_size=1, max_size=3, unique=True),
    limit=st.one_of(st.none(), st.integers(3, 60)),
    shape=SHAPES,
)
def test_each_series_is_the_answer_to_its_symbol_alone(
    api: Api, series: str, symbols: list[str], limit: int | None, shape: str
) -> None:
    shape = "" if series == "prediction" and "intervalle" in shape else shape
    common = f"date_debut=2026-01-10&date_fin=2026-01-11&{shape}".removesuffix("&")
    if limit is not None and "limite" not in shape:
        common += f"&limite={limit}"
    total = int(common.partition("limite=")[2] or 10_000)
    own = common.partition("&limite")[0]
    if "limite" in common or "points" not in common:
        own += f"&limite={total // len(symbols)}"
    answer = ask(api, series, f"symboles={','.join(symbols)}&{common}")
    assert answer.status == 200, answer
    assert [each["symbol"] for each in answer.document["series"]] == symbols
    for each in answer.document["series"]:
        alone = api.history(series, own, symbol=each["symbol"]).document
        assert each == {
            name: value for name, value in {"symbol": each["symbol"], **alone}.items() if name in each
        }
        assert answer.document["snapshot"] == alone["snapshot"]
    assert answer.document["complet"] == all(each["complet"] for each in answer.document["series"])


@pytest.mark.parametrize("series", SERIES)
def test_cursor_of_a_series_goes_on_with_it_at_the_same_snapshot(
    api: Api, builder: LakeBuilder, series: str
) -> None:
    query = "date_debut=2026-01-10&date_fin=2026-01-11&intervalle=brut"
    first = ask(api, series, f"symboles=btc,eth&limite=8&{query}").document["series"][0]
    whole = api.history(series, query).document["points"]
    points, url = first["points"], first["suivant"]
    while url is not None:
        page = api.follow(url).document
        points, url = page["points"] + points, page["suivant"]
    assert (len(first["points"]), points) == (4, whole)


def test_all_symbols_are_those_of_the_series(builder: LakeBuilder, api: Api) -> None:
    builder.append("gold_sentiment", [{"symbol": "market"}])
    for series, symbols in (("sentiment", ["btc", "eth", "market", "sol"]), ("prix", ["btc", "eth", "sol"])):
        answer = ask(api, series, "symboles=tous&periode=24h")
        assert [each["symbol"] for each in answer.document["series"]] == symbols
        assert answer.document["requete"]["symboles"] == symbols
        assert answer.document["requete"]["limite"] == 10_000


def rows_of(representation: str, body: bytes) -> list[dict[str, Any]]:
    if representation == "csv":
        return list(csv.DictReader(io.StringIO(body.decode())))
    if representation == "ndjson":
        return [json.loads(line) for line in body.splitlines()]
    if representation == "arrow":
        return list(pa.ipc.open_stream(body).read_all().to_pylist())
    return list(pq.read_table(pa.BufferReader(body)).to_pylist())


@pytest.mark.parametrize("representation", ["csv", "ndjson", "arrow", "parquet"])
@pytest.mark.parametrize("series", SERIES)
def test_each_point_of_another_format_has_its_symbol(api: Api, series: str, representation: str) -> None:
    query = "symboles=sol,btc&date_debut=2026-01-10&date_fin=2026-01-11&intervalle=brut"
    document = ask(api, series, query).document
    response = api.client.generic(
        "GET", f"/api/v1/{series}/historique", QUERY_STRING=f"{query}&format={representation}"
    )
    rows = rows_of(representation, response.content)
    points = [
        (each["symbol"], point["message_id"]) for each in document["series"] for point in each["points"]
    ]
    assert [(row["symbol"], row["message_id"]) for row in rows] == points
    assert next(iter(rows[0])) == "symbol"
    assert json.loads(response.headers["Cryptoviz-Requete"])["symboles"] == ["sol", "btc"]


@pytest.mark.parametrize("query", ["", "&intervalle=brut", "&intervalle=brut&limite=20000"])
@pytest.mark.parametrize("series", SERIES)
def test_parquet_of_one_symbol_is_its_arrow(api: Api, series: str, query: str) -> None:
    if series == "prediction":
        query = query.replace("&intervalle=brut", "")
    bodies = []
    for representation in ("parquet", "arrow"):
        query_string = f"date_debut=2026-01-10&date_fin=2026-01-11{query}&format={representation}"
        response = api.client.generic("GET", f"/api/v1/{series}/btc/historique", QUERY_STRING=query_string)
        bodies.append(b"".join(response) if response.streaming else response.content)
    parquet = pq.read_table(pa.BufferReader(bodies[0]))
    arrow = pa.ipc.open_stream(bodies[1]).read_all()
    assert parquet.equals(arrow)
    assert parquet.schema.metadata[b"requete"] == arrow.schema.metadata[b"requete"]
    assert parquet.num_rows > 0


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("", "symboles"),
        ("symboles=", "symboles"),
        ("symboles=btc;eth", "symboles"),
        ("symboles=btc,'", "symboles"),
        ("symboles=" + ",".join(f"a{n}" for n in range(501)), "symboles"),
        ("symboles=btc&symboles=eth", "symboles"),
        ("symboles=btc&curseur=abc", "curseur"),
        ("symboles=btc&limite=0", "limite"),
        ("symboles=btc,eth&limite=1", "limite"),
        ("symboles=btc&limite=10001", "limite"),
        ("symboles=btc&limite=100001&format=csv", "limite"),
        ("symboles=btc,eth&points=9999", "points"),
        ("symboles=btc&periode=forever", "periode"),
        ("symboles=btc&intervalle=2m", "intervalle"),
        ("symboles=btc&version=99", "version"),
        ("symboles=btc&bogus=1", "bogus"),
        ("symboles=btc&format=xml", "format"),
    ],
)
def test_bad_parameter_is_400_and_named(api: Api, query: str, parameter: str) -> None:
    answer = ask(api, "prix", query)
    assert (answer.status, answer.document["parameter"]) == (400, parameter)
    assert answer.document["accepted"]


def test_every_unknown_symbol_is_named(api: Api) -> None:
    answer = ask(api, "prix", "symboles=btcc,eth,zzz")
    assert (answer.status, answer.document["parameter"]) == (404, "symboles")
    assert sorted(answer.document["errors"]) == ["btcc", "zzz"]


def test_etag_is_of_the_points_of_the_symbols_alone(tmp_path: Path, api_of: ApiOf) -> None:
    builder = build_lake(tmp_path, price=[{"symbol": symbol} for symbol in SYMBOLS])
    api = api_of(tmp_path)

    def etag(query: str) -> str:
        return str(ask(api, "prix", query).headers["ETag"])

    first, other = etag("symboles=btc,eth"), etag("symboles=eth,btc")
    response = api.client.get("/api/v1/prix/historique?symboles=btc,eth", headers={"If-None-Match": first})
    assert (response.status_code, other != first) == (304, True)
    builder.append("gold_price", [{"symbol": "sol", "event_time": NOON + timedelta(minutes=1)}])
    assert etag("symboles=btc,eth") == first
    builder.append("gold_price", [{"symbol": "eth", "event_time": NOON + timedelta(minutes=1)}])
    assert etag("symboles=btc,eth") != first


@pytest.mark.parametrize("series", SERIES)
def test_answer_is_what_the_document_says(api: Api, series: str) -> None:
    components = api.get("/api/v1/schema").document["components"]
    schema = {"$ref": f"#/components/schemas/{SCHEMAS[series]}", "components": components}
    for query in ("symboles=btc,eth&limite=4", "symboles=tous&points=4"):
        Draft202012Validator(schema).validate(ask(api, series, query).document)
