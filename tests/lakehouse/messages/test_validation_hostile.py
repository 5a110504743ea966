"""100,000 hostile messages (`make check`: 5,000): one verdict each, by either path, and nothing no table can hold."""

import json
import math
from collections import defaultdict
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.messages.contract import CONTRACTS, RULES
from lakehouse.messages.validation import Rejected, Row, message_columns, validate, validate_with_reasons
from setup.contract_docs import to_json_schema
from tests.support.hostile_messages import HostileMessage, hostile_messages
from tests.support.json_schema import Draft202012Validator
from tests.support.profiles import sized

N_MESSAGES = sized(quick=5_000, full=100_000)
NOT_JSON = {"null_value", "too_large", "not_utf8", "too_deep", "malformed_json"}
SAID_BY_SCHEMA = {"missing_field", "wrong_type", "out_of_range", "bad_format"}

Verdict = Row | Rejected


@pytest.fixture(scope="module")
def judged() -> list[tuple[HostileMessage, Verdict]]:
    return [(message, judge_one(message)) for message in hostile_messages(N_MESSAGES, seed=1)]


def judge_one(message: HostileMessage, judge_with: Any = validate) -> Verdict:
    verdict: Verdict = judge_with(
        message.topic, key=message.key, value=message.value, broker_time_us=message.broker_time_us
    )
    return verdict


def test_the_messages_are_the_same_for_the_same_seed() -> None:
    assert list(hostile_messages(200, seed=5)) == list(hostile_messages(200, seed=5))
    assert list(hostile_messages(200, seed=5)) != list(hostile_messages(200, seed=6))


def test_they_break_every_rule_and_many_are_good(judged: list[tuple[HostileMessage, Verdict]]) -> None:
    assert {v.rule for _, v in judged if isinstance(v, Rejected)} == set(RULES)
    assert sum(isinstance(v, tuple) for _, v in judged) > N_MESSAGES // 10


def test_the_fast_path_and_the_slow_one_agree(judged: list[tuple[HostileMessage, Verdict]]) -> None:
    differing = [
        message
        for message, verdict in judged
        if repr(judge_one(message, validate_with_reasons)) != repr(verdict)
    ]

    assert differing == []


def test_the_verdict_is_the_same_when_it_is_asked_again(judged: list[tuple[HostileMessage, Verdict]]) -> None:
    backwards = judged[:20_000][::-1]

    assert [m for m, verdict in backwards if repr(judge_one(m)) != repr(verdict)] == []


def test_python_reads_what_is_accepted_and_nothing_else(judged: list[tuple[HostileMessage, Verdict]]) -> None:
    """Python's own parser as the validate: it reads exactly the messages that are said to be JSON, and alike."""
    for message, verdict in judged:
        rule = verdict.rule if isinstance(verdict, Rejected) else None
        if rule in NOT_JSON - {"malformed_json"}:
            continue
        fields = strictly_parsed(message.value or b"")
        assert (fields is None) == (rule == "malformed_json"), (message, verdict)
        if isinstance(verdict, tuple):
            assert_same_values(message.topic, verdict, fields)


def test_rows_convert_to_the_types_of_the_table(judged: list[tuple[HostileMessage, Verdict]]) -> None:
    rows: dict[str, list[Row]] = defaultdict(list)
    for message, verdict in judged:
        if isinstance(verdict, tuple):
            rows[message.topic].append(verdict)

    for topic, contract in CONTRACTS.items():
        schema = contract.table.to_arrow_schema()
        for name, column in zip(message_columns(topic), zip(*rows[topic], strict=True), strict=True):
            assert pa.array(column, schema.field(name).type).validate(full=True) is None


def test_reasons_convert_too(judged: list[tuple[HostileMessage, Verdict]]) -> None:
    reasons = [verdict.reason for _, verdict in judged if isinstance(verdict, Rejected)]

    assert pa.array(reasons, pa.string()).validate(full=True) is None
    assert max(map(len, reasons)) < 500


def test_the_schema_accepts_what_is_accepted_and_refuses_what_it_can(
    judged: list[tuple[HostileMessage, Verdict]],
) -> None:
    validators = {
        topic: Draft202012Validator(to_json_schema(contract)) for topic, contract in CONTRACTS.items()
    }
    for message, verdict in judged[:10_000]:
        rule = verdict.rule if isinstance(verdict, Rejected) else None
        if rule is None or rule in SAID_BY_SCHEMA:
            fields = json.loads(message.value or b"")
            if not any(isinstance(leaf, str) and leaf.endswith("\n") for leaf in leaves(fields)):
                assert validators[message.topic].is_valid(fields) == (rule is None), (message, verdict)


def strictly_parsed(value: bytes) -> Any:
    """What Python's parser reads, held to what a double and UTF-8 can hold; None if it reads nothing."""
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
    values = dict(zip(message_columns(topic), row, strict=True))
    for field in CONTRACTS[topic].fields:
        told = fields.pop(field.name, None)
        if field.kind == "number" and told is not None:
            told = float(told)
        if field.kind in ("string", "strings", "number"):
            assert values[field.column or field.name] == told, (field.name, told)
    assert json.loads(values["extra"] or "{}") == fields
