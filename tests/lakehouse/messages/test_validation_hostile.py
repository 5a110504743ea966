"""100,000 hostile messages (`make check`: 5,000): one result each, by either path, and nothing no table can hold."""

import json
import math
from collections import defaultdict
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.messages.compiled import to_arrow
from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.rules import RULES, UNREADABLE
from lakehouse.messages.validation import Rejected, Row, message_columns, validate, validate_with_reasons
from setup.contract_docs import to_json_schema
from tests.support.hostile_messages import HostileMessage, hostile_messages
from tests.support.json_schema import Draft202012Validator
from tests.support.messages import as_stored
from tests.support.profiles import sized

N_MESSAGES = sized(quick=5_000, full=100_000)
NOT_JSON = {"null_value", "too_large", "not_utf8", "too_deep", "malformed_json"}
SAID_BY_SCHEMA = {"missing_field", "wrong_type", "out_of_range", "bad_format"}

Result = Row | Rejected


@pytest.fixture(scope="module")
def validated() -> list[tuple[HostileMessage, Result]]:
    return [(message, validate_one(message)) for message in hostile_messages(N_MESSAGES, seed=1)]


def validate_one(message: HostileMessage, validate_with: Any = validate) -> Result:
    result: Result = validate_with(
        message.topic, key=message.key, value=message.value, broker_time_us=message.broker_time_us
    )
    return result


def test_the_messages_are_the_same_for_the_same_seed() -> None:
    assert list(hostile_messages(200, seed=5)) == list(hostile_messages(200, seed=5))
    assert list(hostile_messages(200, seed=5)) != list(hostile_messages(200, seed=6))


def test_they_break_every_rule_and_many_are_good(validated: list[tuple[HostileMessage, Result]]) -> None:
    assert {v.rule for _, v in validated if isinstance(v, Rejected)} == set(RULES) - {UNREADABLE}
    assert sum(isinstance(v, tuple) for _, v in validated) > N_MESSAGES // 10


def test_the_fast_path_and_the_slow_one_agree(validated: list[tuple[HostileMessage, Result]]) -> None:
    differing = [
        message
        for message, result in validated
        if repr(validate_one(message, validate_with_reasons)) != repr(result)
    ]

    assert differing == []


def test_result_is_the_same_when_a_message_is_validated_again(
    validated: list[tuple[HostileMessage, Result]],
) -> None:
    backwards = validated[:20_000][::-1]

    assert [m for m, result in backwards if repr(validate_one(m)) != repr(result)] == []


def test_python_reads_what_is_accepted_and_nothing_else(
    validated: list[tuple[HostileMessage, Result]],
) -> None:
    """Python's own parser as the validate: it reads exactly the messages that are said to be JSON, and alike."""
    for message, result in validated:
        rule = result.rule if isinstance(result, Rejected) else None
        if rule in NOT_JSON - {"malformed_json"}:
            continue
        fields = strictly_parsed(message.value or b"")
        assert (fields is None) == (rule == "malformed_json"), (message, result)
        if isinstance(result, tuple):
            assert_same_values(message.topic, result, fields)


def test_rows_convert_to_the_types_of_the_table(validated: list[tuple[HostileMessage, Result]]) -> None:
    rows: dict[str, list[Row]] = defaultdict(list)
    for message, result in validated:
        if isinstance(result, tuple):
            rows[message.topic].append(result)

    for topic, contract in CONTRACTS.items():
        columns = dict(zip(message_columns(topic), zip(*rows[topic], strict=True), strict=True))
        for field in contract.value_fields:
            arrow_type = contract.table.to_arrow_schema().field(field.column or field.name).type
            stored = to_arrow(field, columns[field.column or field.name], arrow_type)
            stored.validate(full=True)
            plain = [as_stored(topic, row)[field.column or field.name] for row in rows[topic]]
            assert stored.equals(pa.array(plain, arrow_type))


def test_reasons_convert_too(validated: list[tuple[HostileMessage, Result]]) -> None:
    reasons = [result.reason for _, result in validated if isinstance(result, Rejected)]

    assert pa.array(reasons, pa.string()).validate(full=True) is None
    assert max(map(len, reasons)) < 500


def test_the_schema_accepts_what_is_accepted_and_refuses_what_it_can(
    validated: list[tuple[HostileMessage, Result]],
) -> None:
    validators = {
        topic: Draft202012Validator(to_json_schema(contract)) for topic, contract in CONTRACTS.items()
    }
    for message, result in validated[:10_000]:
        rule = result.rule if isinstance(result, Rejected) else None
        if rule is None or rule in SAID_BY_SCHEMA:
            fields = json.loads(message.value or b"")
            if not any(isinstance(leaf, str) and leaf.endswith("\n") for leaf in leaves(fields)):
                assert validators[message.topic].is_valid(fields) == (rule is None), (message, result)


def strictly_parsed(value: bytes) -> Any:
    """Return what Python's parser reads, held to what a double and UTF-8 can hold; None if it reads nothing."""
    try:
        parsed = json.loads(value.decode(), parse_constant=refuse, object_pairs_hook=held_to_utf8)
        if any(isinstance(leaf, float) and math.isinf(leaf) for leaf in leaves(parsed)):
            return None
        held_to_utf8([("", parsed)])
    except ValueError:
        return None
    return parsed if parsed is not None else "null"


def held_to_utf8(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Also a value that a later one of the same name replaces has to be good."""
    if any(isinstance(value, float) and math.isinf(value) for _, value in pairs):
        raise ValueError(pairs)
    json.dumps(pairs, ensure_ascii=False).encode()
    return dict(pairs)


def refuse(token: str) -> None:
    raise ValueError(token)


def leaves(parsed: Any) -> list[Any]:
    found, left = [], [parsed]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            left.extend(node.values())
        elif isinstance(node, list):
            left.extend(node)
        else:
            found.append(node)
    return found


def assert_same_values(topic: str, row: Row, fields: dict[str, Any]) -> None:
    values = as_stored(topic, row)
    for field in CONTRACTS[topic].fields:
        given = fields.pop(field.name, None)
        if field.kind == "number" and given is not None:
            given = float(given)
        if field.kind in ("string", "strings", "number"):
            assert values[field.column or field.name] == given, (field.name, given)
    assert json.loads(values["extra"] or "{}") == fields
