"""Each operation of the document has an example, and the examples work."""

import doctest
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.docs import code_samples
from api.docs.code_samples import BODIES, PATH_VALUES, QUERIES, example_path
from api.docs.openapi import openapi_document
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.lake import Lake
from tests.support.api_user import Person
from tests.support.json_schema import Draft202012Validator
from tests.support.lake_builder import build_lake

ApiOf = Callable[[Path], Any]
OF_ONES_OWN = ("{id}", "{link}")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in openapi_document()["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield path, method, operation


def test_every_operation_has_an_example_of_itself() -> None:
    for path, method, operation in operations():
        (sample,) = operation["x-codeSamples"]
        words = shlex.split(sample["source"])
        assert words[0] == "curl"
        assert (words[words.index("-X") + 1] if "-X" in words else "GET") == method.upper()
        assert "{" not in words[-1]
        assert words[-1].endswith(example_path(path, operation["operationId"]))
        assert ("-d" in words) == ("requestBody" in operation), path


def test_no_example_is_of_nothing() -> None:
    ids = {operation["operationId"] for _, _, operation in operations()}
    assert {*QUERIES, *BODIES} <= ids
    paths = " ".join(path for path, _, _ in operations())
    assert [placeholder for placeholder in PATH_VALUES if placeholder not in paths] == []


def test_bodies_are_what_the_document_says() -> None:
    document = openapi_document()
    for _, _, operation in operations():
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            validator = Draft202012Validator({**schema, "components": document["components"]})
            validator.validate(BODIES[operation["operationId"]])


def test_examples_are_answered(people: dict[str, Any], tmp_path: Path, api_of: ApiOf) -> None:
    builder = build_lake(tmp_path, sentiment=[{}], prediction=[{}], price=[{}])
    refresh_scores(Lake(builder.location))
    api_of(tmp_path)
    staff = Person(people["staff"])
    asked = [each for each in operations() if not any(part in each[0] for part in OF_ONES_OWN)]
    for path, method, operation in sorted(asked, key=lambda each: each[1] == "delete"):
        url, headers = example_path(path, operation["operationId"]), {"If-Match": "*"}
        answer = staff.ask(method.upper(), url, BODIES.get(operation["operationId"]), **headers)
        assert answer.status in (200, 201, 204), (method, url, answer)


@pytest.mark.parametrize("module", [code_samples])
def test_examples_in_docstrings_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
