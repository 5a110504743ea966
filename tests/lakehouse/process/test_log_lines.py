"""Log lines as objects."""

import io
import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.errors import SettingError
from lakehouse.process.log_lines import FieldsFormatter, to_fields, to_formatter
from lakehouse.process.settings import Settings
from tests.support.python_command import run_python

ROOT = Path(__file__).resolve().parents[3]


def logged(
    message: str, *arguments: object, exc_info: bool = False, extra: dict[str, object] | None = None
) -> dict[str, object]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(FieldsFormatter())
    logger = logging.Logger("streaming.ingest", level=logging.INFO)
    logger.addHandler(handler)
    logger.info(message, *arguments, exc_info=exc_info, extra=extra)
    (line,) = stream.getvalue().splitlines()
    document: dict[str, object] = json.loads(line)
    return document


def test_line_is_one_object_with_its_pairs_as_fields() -> None:
    document = logged("batch=%d seconds=%.3f commits=%s done", 7, 0.25, "gold_price@3+9")
    assert document.pop("time")
    assert document == {
        "level": "INFO",
        "logger": "streaming.ingest",
        "message": "batch=7 seconds=0.250 commits=gold_price@3+9 done",
        "fields": {"batch": 7, "seconds": 0.25, "commits": "gold_price@3+9"},
    }


@pytest.mark.parametrize("text", ['a "quoted" word', "two\nlines", "é\u2028\x00", "{}", "%s"])
def test_hostile_text_stays_one_line_and_whole(text: str) -> None:
    assert logged("%s", text)["message"] == text


HOSTILE = [
    "btc\n2026-01-10 12:00:00,000 INFO api forged",
    "btc\r\nforged",
    "\x1b[2J\x1b[31mred",
    "\x9b31m",
    "\x07\x08\x7f",
    "\u2028forged\u2029forged\x85forged",
    "\u202egnp.exe",
    "\x00\x0b\x0c",
    "%s %d {} {0}",
]


def lines_of(message: str, *arguments: object, exc_info: bool = False) -> list[str]:
    """Return what the format for people writes for one record."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(to_formatter("lines"))
    logger = logging.Logger("api", level=logging.INFO)
    logger.addHandler(handler)
    logger.info(message, *arguments, exc_info=exc_info)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_strangers_forges_no_line_and_moves_no_cursor(text: str) -> None:
    (line,) = lines_of("symbol=%s refused", text)
    assert line.endswith(" refused")
    assert line.isprintable()


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_strangers_in_a_traceback_forges_no_line(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        first, *trace = lines_of("failed", exc_info=True)
    assert first.endswith(" INFO api failed")
    assert len(trace) >= 3
    assert all(line.startswith("  ") and line.isprintable() for line in trace)


@given(st.text())
def test_any_text_is_one_line_of_the_log(text: str) -> None:
    assert len(lines_of("%s", text)) == 1


@pytest.mark.parametrize("text", ["Bitcoin gains 5 %", "é ü ₿ 币安人生 🚀", "a=1 b='two words'"])
def test_other_text_stays_as_it_is(text: str) -> None:
    (line,) = lines_of("%s", text)
    assert line.endswith(f" INFO api {text}")


def test_failure_brings_its_trace_in_the_same_object() -> None:
    try:
        raise ValueError("no")
    except ValueError:
        assert "ValueError: no" in str(logged("failed", exc_info=True)["exception"])


@pytest.mark.parametrize(
    ("message", "arguments", "fields"),
    [
        ("", (), {}),
        ("x=", (), {"x": ""}),
        ("url=%s", ("http://h/?a=b",), {"url": "http://h/?a=b"}),
        ("url=http://%s:%d/metrics", ("h", 9101), {"url": "http://h:9101/metrics"}),
        ("problem='%s' n=%d", ("no broker", -1), {"problem": "no broker", "n": -1}),
        ("problem=%r n=%d", ("no 'broker' x=1", 2), {"problem": "no 'broker' x=1", "n": 2}),
        ("%s e=%s v=%s", ("name a=1", "1e999", "007x"), {"e": "1e999", "v": "007x"}),
        ("share=%.1f%% n=%d", (12.34, 5), {"share": "12.3%", "n": 5}),
        ("A=%d b-c=%d", (1, 2), {}),
        ("100%% done n=%d", (2,), {"n": 2}),
    ],
)
def test_fields_are_the_arguments_of_the_call(
    message: str, arguments: tuple[object, ...], fields: dict[str, object]
) -> None:
    assert to_fields(message, arguments) == fields


def test_text_of_an_argument_makes_no_fields() -> None:
    assert "fields" not in logged("collected %s", "price=7 symbol=btc")


def test_values_that_json_has_no_word_for_are_text() -> None:
    fields = logged("a=%s b=%s c=%s d=%s", float("inf"), Path("/x"), None, True)["fields"]
    assert fields == {"a": "inf", "b": "/x", "c": None, "d": True}


def test_extra_of_a_call_is_among_the_fields() -> None:
    assert logged("sentiment %s", "batch=7", extra={"batch": 7})["fields"] == {"batch": 7}


@pytest.mark.parametrize("variable", ["CRYPTOVIZ_LOG_FORMAT", "CRYPTOVIZ_LOG_LEVEL"])
def test_format_that_is_not_known_is_refused(variable: str) -> None:
    with pytest.raises(SettingError, match=variable):
        Settings.from_environ({variable: "xml"})


def test_command_logs_as_it_is_set(tmp_path: Path) -> None:
    command = ["-m", "compaction", "plan", "--lake", str(tmp_path / "none")]
    done = run_python(*command, environ={"CRYPTOVIZ_LOG_FORMAT": "json"})
    assert done.returncode == 1
    assert json.loads(done.stderr)["level"] == "ERROR"
