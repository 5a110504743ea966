"""Content negotiation: by the `format` parameter, else by Accept with its q-values.

Django REST framework's own ignores q-values, and answers an unknown format with 404 instead of the accepted ones.
"""

from collections.abc import Sequence
from typing import Any

from django.http.request import MediaType
from rest_framework.exceptions import APIException
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from api.http.instants import shown
from lakehouse.errors import QueryError

FORMAT = "format"
_UTF_8 = ("utf-8", "utf8", "us-ascii")


class NotOfferedError(APIException):
    """No representation of this path is acceptable to the client."""

    status_code = 406

    def __init__(self, accepted: Sequence[str]) -> None:
        super().__init__("none of the accepted media types is made here")
        self.accepted = ", ".join(accepted)


class NotParsedError(APIException):
    """No parser of this path takes the body's media type. Source: RFC 9110, section 15.5.16."""

    status_code = 415

    def __init__(self, given: str, accepted: Sequence[str]) -> None:
        super().__init__(f"a body of {shown(given)} is not taken" if given else "Content-Type is missing")
        self.accepted = ", ".join(accepted)


class AcceptNegotiation(BaseContentNegotiation):
    """Negotiation by Accept alone. The first renderer is chosen where the client has no preference."""

    def select_parser(self, request: Request, parsers: Sequence[Any]) -> Any:
        """Return the parser of a body; its media type may have parameters. Raises NotParsedError."""
        given = request.content_type or ""
        name, _, parameters = given.partition(";")
        for parser in parsers:
            if parser.media_type == name.strip().lower() and _is_utf_8(parameters):
                return parser
        raise NotParsedError(given, [parser.media_type for parser in parsers])

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        accept = request.headers.get("Accept", "*/*") or "*/*"
        ranges = [MediaType(token) for token in accept.split(",") if token.strip()]
        best = max(renderers, key=lambda renderer: _quality(renderer.media_type, ranges))
        if _quality(best.media_type, ranges) <= 0:
            raise NotOfferedError([renderer.media_type for renderer in renderers])
        return best, best.media_type


class FormatNegotiation(AcceptNegotiation):
    """Negotiation by the parameter `format` before Accept. Raises QueryError for an unknown format."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        requested = request.query_params.get(FORMAT)
        if requested is None:
            return super().select_renderer(request, renderers, format_suffix)
        for renderer in renderers:
            if renderer.format == requested:
                return renderer, renderer.media_type
        raise QueryError(
            parameter=FORMAT,
            problem=f"{shown(requested)} is not accepted",
            accepted=", ".join(renderer.format for renderer in renderers),
        )


def _is_utf_8(parameters: str) -> bool:
    """Return whether a media type's parameters name no charset but UTF-8. Source: RFC 8259, section 8.1."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in _UTF_8:
            return False
    return True


def _quality(media_type: str, ranges: Sequence[MediaType]) -> float:
    """Return the q-value of the most specific range that a media type is in, 0 where it is in none.

    Source: RFC 9110, section 12.5.1.
    """
    own = MediaType(media_type)
    matches = [(accepted.specificity, accepted.quality) for accepted in ranges if accepted.match(own)]
    return max(matches)[1] if matches else 0.0
