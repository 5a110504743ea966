"""English names of parameters: answered like the French ones, one of both in a request."""

import doctest
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.docs.openapi import openapi_document
from api.history.parameters import PARAMETERS
from api.http import query
from api.http.query import ENGLISH_NAMES
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.lake import Lake
from tests.support.api_client import Api
from tests.support.lake_builder import NOON, build_lake
from tests.support.profiles import sized

ApiOf = Callable[[Path], Api]
TIMES = [NOON + timedelta(minutes=n) for n in range(30)]
QUESTIONS = (
    (
        "/api/v1/sentiment/btc/historique",
        {"periode": "24h", "intervalle": "5m", "remplissage": "null", "limite": "7"},
    ),
    (
        "/api/v1/sentiment/btc/historique",
        {"date_debut": "2026-01-10", "date_fin": "2026-01-11", "intervalle": "brut"},
    ),
    ("/api/v1/prix/btc/historique", {"intervalle": "1d", "fuseau": "Europe/Paris"}),
    ("/api/v1/prix/btc/historique", {"connu_le": "2026-01-10T12:10:00Z", "points": "5"}),
    (
        "/api/v1/prediction/btc/historique",
        {"modele": "walk", "horizon": "1h", "axe": "target_time", "limite": "3"},
    ),
    ("/api/v1/prediction/btc/score", {"modele": "walk", "horizon": "1h"}),
    ("/api/v1/prix/historique", {"symboles": "btc", "limite": "5"}),
    ("/api/v1/apercu", {"symboles": "btc"}),
    ("/api/v1/prix/btc/historique", {"limite": "0"}),
    ("/api/v1/prix/btc/historique", {"date_debut": "hier"}),
    ("/api/v1/prix/btc/historique", {"a_la_date": "2050-01-01"}),
    ("/api/v1/prix/btc/historique", {"curseur": "abc"}),
    ("/api/v1/prix/historique", {"symboles": "btcc"}),
    ("/api/v1/catalogue/actifs", {"limite": "2", "apres": "btc"}),
    ("/api/v1/catalogue/actifs", {"limite": "0"}),
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, module_api_of: ApiOf, database: Callable[[], None]) -> Api:
    path = tmp_path_factory.mktemp("lake")
    builder = build_lake(
        path,
        sentiment=[{"event_time": time} for time in TIMES],
        prediction=[{"made_at": time, "target_time": time} for time in TIMES],
        price=[{"event_time": time} for time in TIMES],
    )
    refresh_scores(Lake(builder.location))
    return module_api_of(path)


@settings(max_examples=sized(quick=40, full=100, soak=1_000))
@given(question=st.sampled_from(QUESTIONS), draw=st.randoms())
def test_english_is_answered_like_french(
    api: Api, question: tuple[str, dict[str, str]], draw: object
) -> None:
    path, parameters = question
    mixed = {
        ENGLISH_NAMES.get(name, name) if draw.random() < 0.7 else name: text  # type: ignore[attr-defined]
        for name, text in parameters.items()
    }
    french, english = (api.get(path, urlencode(given)) for given in (parameters, mixed))
    assert english.status == french.status
    if french.status == 200:
        assert english.document == french.document
        assert english.headers.get("ETag") == french.headers.get("ETag")
        return
    assert english.document["parameter"] in mixed
    own = {ENGLISH_NAMES.get(name, name): name for name in parameters}
    assert (
        own.get(english.document["parameter"], english.document["parameter"]) == french.document["parameter"]
    )
    assert english.document["accepted"] == french.document["accepted"]


@pytest.mark.parametrize("name", sorted({parameter.name for parameter in PARAMETERS} & ENGLISH_NAMES.keys()))
def test_both_names_of_a_parameter_are_400(api: Api, name: str) -> None:
    english = ENGLISH_NAMES[name]
    for text in (f"{name}=x&{english}=x", f"{english}=x&{name}=x"):
        answer = api.history("sentiment" if name == "par" else "prediction", text)
        assert (answer.status, answer.document["accepted"]) == (400, "one of the two")
        assert answer.document["parameter"] in (name, english)


def test_english_name_is_no_parameter_where_the_french_one_is_none(api: Api) -> None:
    answer = api.history("prix", "model=walk")
    assert (answer.status, answer.document["parameter"]) == (400, "model")
    assert api.get("/api/v1/prediction/btc/score", "limit=1").document["parameter"] == "limit"


def test_document_names_every_english_name() -> None:
    named = {
        parameter["name"]: parameter.get("x-english-name")
        for item in openapi_document()["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query"
    }
    assert {name: english for name, english in named.items() if english} == {
        name: ENGLISH_NAMES[name] for name in named if name in ENGLISH_NAMES
    }


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(query).failed == 0
