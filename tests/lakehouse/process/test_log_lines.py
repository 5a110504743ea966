"""Log lines as objects."""

import io
import json
import logging
from pathlib import Path

import pytest

from lakehouse.errors import SettingError
from lakehouse.process.log_lines import JsonFormatter, to_fields
from lakehouse.process.settings import Settings
from tests.support.python_command import run_python

ROOT = Path(__file__).resolve().parents[3]


def logged(message: str, *arguments: object, exc_info: bool = False) -> dict[str, object]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.Logger("streaming.ingest", level=logging.INFO)
    logger.addHandler(handler)
    logger.info(message, *arguments, exc_info=exc_info)
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


def test_failure_brings_its_trace_in_the_same_object() -> None:
    try:
        raise ValueError("no")
    except ValueError:
        assert "ValueError: no" in str(logged("failed", exc_info=True)["exception"])


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        ("", {}),
        ("x=", {"x": ""}),
        ("url=http://h/?a=b", {"url": "http://h/?a=b"}),
        ("problem='no broker' n=-1", {"problem": "no broker", "n": -1}),
        ("e=1e999 v=007x", {"e": "1e999", "v": "007x"}),
        ("A=1 b-c=2", {}),
    ],
)
def test_pairs_are_read_as_they_are_written(message: str, fields: dict[str, object]) -> None:
    assert to_fields(message) == fields


@pytest.mark.parametrize("variable", ["CRYPTOVIZ_LOG_FORMAT", "CRYPTOVIZ_LOG_LEVEL"])
def test_format_that_is_not_known_is_refused(variable: str) -> None:
    with pytest.raises(SettingError, match=variable):
        Settings.from_environ({variable: "xml"})


def test_command_logs_as_it_is_set(tmp_path: Path) -> None:
    command = ["-m", "compaction", "plan", "--lake", str(tmp_path / "none")]
    done = run_python(*command, environ={"CRYPTOVIZ_LOG_FORMAT": "json"})
    assert done.returncode == 1
    assert json.loads(done.stderr)["level"] == "ERROR"
