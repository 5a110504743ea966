"""How a process logs: lines for people with key=value pairs, or one JSON object a line for whatever collects them."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import TextIO

from lakehouse.process.settings import LOG_JSON, Settings

LINE_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"

_PAIR = re.compile(r"(?<!\S)([a-z][a-z0-9_]*)=('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\S*)")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)


class JsonFormatter(logging.Formatter):
    """An object with time, level, logger and message, and in ``fields`` the message's key=value pairs."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        document: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message,
        }
        if fields := to_fields(message):
            document["fields"] = fields
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        return json.dumps(document)


def to_fields(message: str) -> dict[str, object]:
    """The key=value pairs of a message; numbers as numbers.

    >>> to_fields("batch=7 seconds=0.250 error='no broker' done")
    {'batch': 7, 'seconds': 0.25, 'error': 'no broker'}
    """
    return {key: _to_value(text) for key, text in _PAIR.findall(message)}


def to_formatter(log_format: str) -> logging.Formatter:
    return JsonFormatter() if log_format == LOG_JSON else logging.Formatter(LINE_FORMAT)


def configure_logging(settings: Settings, stream: TextIO) -> None:
    """Make every logger of this process write to a stream, as the settings say. Called once, at an entry point."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(to_formatter(settings.log_format))
    logging.basicConfig(level=settings.log_level, handlers=[handler])


def _to_value(text: str) -> object:
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        return text[1:-1]
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text
