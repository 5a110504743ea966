"""JSON as it comes in: strict UTF-8, bounded, no lone surrogates, no depth that breaks the interpreter."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

MOST_BYTES = 64 * 1024


class BodyTooLargeError(APIException):
    """No resource is that large."""

    status_code = 413
    default_detail = f"a body has at most {MOST_BYTES} bytes"


class JsonBodyParser(BaseParser):
    """Raises ParseError, BodyTooLargeError. What it gives is an object."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise BodyTooLargeError
        try:
            document = msgspec.json.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise ParseError("the body is not JSON") from error
        if not isinstance(document, dict):
            raise ParseError("the body is not a JSON object")
        return document
