"""What schemathesis cannot know of this API: how its parameters hang together, and how Arrow is read."""

from typing import Any

import pyarrow as pa
import schemathesis

# Names of which more decides than OpenAPI can say: a contradiction, a range, what the lake holds.
MORE_THAN_ITS_SCHEMA_DECIDES = {
    "periode",
    "date_debut",
    "date_fin",
    "intervalle",
    "remplissage",
    "points",
    "limite",
    "curseur",
    "version",
    "a_la_date",
}
DATES = {"date_debut", "date_fin"}


@schemathesis.hook
def map_case(context: Any, case: Any) -> Any:
    """A well-formed question without parameters that exclude each other, so that most of them have an answer."""
    if case.meta is None or not case.meta.generation.mode.is_positive or not case.query:
        return case
    query = dict(case.query)
    query.pop("curseur", None)
    if DATES & query.keys():
        query.pop("periode", None)
    if "version" in query:
        query.pop("a_la_date", None)
    case.query = query
    return case


@schemathesis.deserializer("application/vnd.apache.arrow.stream")
def read_arrow(context: Any, response: Any) -> Any:
    return pa.ipc.open_stream(response.content).read_all().to_pylist()


@schemathesis.check
def refusal_names_a_given_parameter(context: Any, response: Any, case: Any) -> None:
    """A well-formed question is refused only for what OpenAPI cannot say."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 400:
        return
    problem = response.json()
    assert problem["parameter"] in MORE_THAN_ITS_SCHEMA_DECIDES, problem
    assert problem["parameter"] in (case.query or {}), problem
    assert problem["accepted"], problem


@schemathesis.check
class EveryOperationAnswers:
    """Something was answered with 200 on every path, not only refused."""

    def __init__(self) -> None:
        self.tested: set[str] = set()
        self.answered: set[str] = set()

    def after_response(self, context: Any, response: Any, case: Any) -> None:
        self.tested.add(case.operation.label)
        if response.status_code == 200:
            self.answered.add(case.operation.label)

    def after_run(self, context: Any) -> None:
        assert self.tested == self.answered, f"never answered: {sorted(self.tested - self.answered)}"
