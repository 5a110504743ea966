"""Facts that schemathesis cannot know of this API: how its parameters hang together, rows, Arrow."""

import json
import os
import re
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import schemathesis

MUST_ANSWER, NAMED = "SCHEMA_MUST_ANSWER", "SCHEMA_NAMED"
"""Environment: a regular expression of operations, and {"GET /path": [a row's name there]}."""
# Names of which more decides than OpenAPI can say: a contradiction, a range, what the lake or a row holds.
MORE_THAN_ITS_SCHEMA_DECIDES = {
    "periode",
    "date_debut",
    "date_fin",
    "intervalle",
    "fuseau",
    "par",
    "remplissage",
    "points",
    "limite",
    "curseur",
    "version",
    "a_la_date",
    "connu_le",
    "apres",
    "symbol",
    "symboles",
    "name",
    "url",
    "aliases",
    "parameters",
    "value",
    "days",
}
DATES = {"date_debut", "date_fin"}


@schemathesis.hook
def map_case(context: Any, case: Any) -> Any:
    """Make a question consistent with itself and the lake, so that most questions have an answer."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return case
    if case.query:
        case.query = _without_contradiction(dict(case.query))
    rows = json.loads(os.environ.get(NAMED, "{}")).get(case.operation.label)
    is_of_another = case.meta.phase.name.value == "stateful"  # which goes on with a row that it has made
    if rows and case.path_parameters and not is_of_another:
        case.path_parameters = {
            name: rows[len(str(value)) % len(rows)] for name, value in case.path_parameters.items()
        }
    if case.headers and "If-Match" in case.headers and len(case.headers["If-Match"]) % 2 == 0:
        case.headers["If-Match"] = "*"
    return case


def _without_contradiction(query: dict[str, Any]) -> dict[str, Any]:
    query.pop("curseur", None)
    query.pop("apres", None)
    if "fuseau" in query:
        query |= {"fuseau": "Europe/Paris", "intervalle": "1d"}
    if "symboles" in query:  # whether the lake has a symbol, its schema cannot say
        query["symboles"] = ("btc", "tous")[len(str(query["symboles"])) % 2]
    if DATES & query.keys():
        query.pop("periode", None)
    if len(query) > 1:
        query.pop("symbole", None)  # of the list of assets it is asked for alone
    if "version" in query:
        query.pop("a_la_date", None)
    if query.keys() & {"version", "a_la_date"}:
        query.pop("connu_le", None)
    return query


@schemathesis.deserializer("application/vnd.apache.arrow.stream")
def read_arrow(context: Any, response: Any) -> Any:
    return pa.ipc.open_stream(response.content).read_all().to_pylist()


@schemathesis.deserializer("application/vnd.apache.parquet")
def read_parquet(context: Any, response: Any) -> Any:
    return pq.read_table(pa.BufferReader(response.content)).to_pylist()


@schemathesis.check
def refusal_names_a_given_parameter(context: Any, response: Any, case: Any) -> None:
    """Assert that a well-formed question is refused only for what OpenAPI cannot say."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 400:
        return
    problem = response.json()
    given = {*(case.query or {}), *(case.body if isinstance(case.body, dict) else {})}
    assert problem["parameter"] in MORE_THAN_ITS_SCHEMA_DECIDES, problem
    assert problem["parameter"] in given, problem
    assert problem["accepted"], problem


@schemathesis.check
class EveryOperationAnswers:
    """Something was answered on every path that must, not only refused."""

    def __init__(self) -> None:
        self.must = re.compile(os.environ.get(MUST_ANSWER, "."))
        self.tested: set[str] = set()
        self.answered: set[str] = set()

    def after_response(self, context: Any, response: Any, case: Any) -> None:
        label = case.operation.label
        if self.must.search(label):
            self.tested.add(label)
        if 200 <= response.status_code < 300 and case.method.upper() == case.operation.method.upper():
            self.answered.add(label)

    def after_run(self, context: Any) -> None:
        assert self.tested, "nothing was tested"
        assert self.tested <= self.answered, f"never answered: {sorted(self.tested - self.answered)}"
