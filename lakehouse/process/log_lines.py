"""Log lines of a process: text with key=value pairs for people, or one JSON object a line for collectors of logs."""

import logging
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from textwrap import indent
from typing import Any, TextIO

from pythonjsonlogger.core import merge_record_extra
from pythonjsonlogger.json import JsonFormatter

from lakehouse.process.outside_text import LINE_BREAK, escape_controls
from lakehouse.process.settings import LOG_JSON, Settings

LINE_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"

_PLACEHOLDER = re.compile(r"%[#0 +-]*[0-9]*(?:\.[0-9]+)?([a-zA-Z%])")
_PAIR = re.compile(r"(?<!\S)([a-z][a-z0-9_]*)=(\S*)")


class LineFormatter(logging.Formatter):
    """One line a record; a traceback below it is indented.

    Text of strangers forges no line and moves no cursor: control characters are escaped.
    """

    def __init__(self) -> None:
        super().__init__(LINE_FORMAT)

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line without its traceback."""
        return escape_controls(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        """Return the traceback."""
        return indent(escape_controls(super().formatException(ei), kept=LINE_BREAK), "  ")

    def formatStack(self, stack_info: str) -> str:
        """Return the stack that a call asked for."""
        return indent(escape_controls(stack_info, kept=LINE_BREAK), "  ")


class FieldsFormatter(JsonFormatter):
    """JSON object of time, level, logger and message, and the data of the log call in `fields`.

    Fields are the arguments behind `key=%s` in the call's message, with their own types, and what `extra` holds.
    """

    def __init__(self) -> None:
        super().__init__(json_ensure_ascii=True)

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Fill the object of one record."""
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = record.getMessage()
        fields = to_fields(record.msg, record.args if isinstance(record.args, tuple) else ())
        merge_record_extra(record, fields, reserved=self.reserved_attrs)
        if fields:
            log_data["fields"] = {name: _to_json(value) for name, value in fields.items()}
        if "exc_info" in message_dict:
            log_data["exception"] = message_dict["exc_info"]


@dataclass(frozen=True, slots=True)
class _Pair:
    """One key of a message, the text behind it, and which of the call's arguments that text takes."""

    name: str
    text: str
    arguments: slice


def to_fields(message: str, arguments: Sequence[object]) -> dict[str, object]:
    """Return the arguments of a log call by the keys that its message gives them.

    >>> to_fields("batch=%d seconds=%.3f error=%s address=%s:%d done", (7, 0.25, "no broker", "::1", 80))
    {'batch': 7, 'seconds': 0.25, 'error': 'no broker', 'address': '::1:80'}
    """
    return {pair.name: _value_of(pair, arguments[pair.arguments]) for pair in _pairs_of(message)}


def to_formatter(log_format: str) -> logging.Formatter:
    """Return the formatter of a value of CRYPTOVIZ_LOG_FORMAT."""
    return FieldsFormatter() if log_format == LOG_JSON else LineFormatter()


def configure_logging(settings: Settings, stream: TextIO) -> None:
    """Make every logger of this process write to a stream, as the settings say. Called once, at an entry point."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(to_formatter(settings.log_format))
    logging.basicConfig(level=settings.log_level, handlers=[handler])


@lru_cache(maxsize=1_000)
def _pairs_of(message: str) -> tuple[_Pair, ...]:
    pairs = []
    for match in _PAIR.finditer(message):
        first, n_arguments = _n_placeholders(message[: match.start()]), _n_placeholders(match[2])
        pairs.append(_Pair(match[1], match[2], slice(first, first + n_arguments)))
    return tuple(pairs)


def _n_placeholders(text: str) -> int:
    return sum(kind != "%" for kind in _PLACEHOLDER.findall(text))


def _value_of(pair: _Pair, arguments: Sequence[object]) -> object:
    if len(arguments) == 1 and _PLACEHOLDER.fullmatch(pair.text.strip("'\"")):
        return arguments[0]
    return pair.text % tuple(arguments) if arguments else pair.text


def _to_json(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str, Mapping)):
        return value
    return str(value)
