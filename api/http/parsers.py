"""Parsing of JSON bodies.

Django REST framework's parser reads a body of any size, accepts NaN and lone surrogates, and fails on deep nesting.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

MAX_BYTES = 64 * 1024


class BodyTooLargeError(APIException):
    """A body is larger than any resource."""

    status_code = 413
    default_detail = f"a body has at most {MAX_BYTES} bytes"


class JsonBodyParser(BaseParser):
    """Parser of JSON objects in strict UTF-8. Raises ParseError, BodyTooLargeError."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise BodyTooLargeError
        try:
            document = msgspec.json.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise ParseError("the body is not JSON") from error
        if not isinstance(document, dict):
            raise ParseError("the body is not a JSON object")
        return document
