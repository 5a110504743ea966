"""The published contract agrees with the validation of messages."""

import json
from typing import Any

import pytest

from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.rules import RULES
from lakehouse.messages.validation import validate
from setup.contract_docs import to_asyncapi, to_example, to_json_schema, to_markdown
from tests.support.json_schema import Draft202012Validator

EXAMPLE_TIME_US = 1_769_851_800_250_000


@pytest.mark.parametrize("topic", CONTRACTS)
def test_a_schema_is_valid_and_keeps_unknown_fields(topic: str) -> None:
    schema = to_json_schema(CONTRACTS[topic])

    Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is True
    assert set(schema["properties"]) == {field.name for field in CONTRACTS[topic].fields}


@pytest.mark.parametrize("topic", CONTRACTS)
def test_the_example_is_complete_and_good(topic: str) -> None:
    contract = CONTRACTS[topic]
    example = to_example(contract)

    result = validate(
        topic,
        key=example[contract.key_field].encode(),
        value=json.dumps(example).encode(),
        broker_time_us=EXAMPLE_TIME_US,
    )

    assert isinstance(result, tuple), result
    assert set(example) == {field.name for field in contract.fields}
    assert Draft202012Validator(to_json_schema(contract)).is_valid(example)


def test_the_asyncapi_document_refers_to_what_it_has() -> None:
    document = to_asyncapi()

    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]) == set(CONTRACTS)
    for reference in references(document):
        assert resolve(document, reference) is not None


def test_the_page_names_every_field_and_every_rule() -> None:
    page = to_markdown()

    names = {field.name for contract in CONTRACTS.values() for field in contract.fields}
    assert [name for name in (*names, *RULES) if f"`{name}`" not in page] == []


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for child in node.values() for found in references(child)]
    return [found for child in node for found in references(child)] if isinstance(node, list) else []


def resolve(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document
