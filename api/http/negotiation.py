"""Which representation a client gets: by its `format` parameter, else by its Accept header with q-values."""

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


class NotOfferedError(APIException):
    """No representation that is made here is one that the client accepts."""

    status_code = 406

    def __init__(self, accepted: Sequence[str]) -> None:
        super().__init__("none of the accepted media types is made here")
        self.accepted = ", ".join(accepted)


class AcceptNegotiation(BaseContentNegotiation):
    """By Accept alone. The first renderer wins where the client has no preference."""

    def select_parser(self, request: Request, parsers: Sequence[Any]) -> Any:
        return next((parser for parser in parsers if parser.media_type == request.content_type), None)

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
    """By the parameter `format`, which wins over Accept. Raises QueryError for one that is not made."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        asked = request.query_params.get(FORMAT)
        if asked is None:
            return super().select_renderer(request, renderers, format_suffix)
        for renderer in renderers:
            if renderer.format == asked:
                return renderer, renderer.media_type
        raise QueryError(
            parameter=FORMAT,
            problem=f"{shown(asked)} is not accepted",
            accepted=", ".join(renderer.format for renderer in renderers),
        )


def _quality(media_type: str, ranges: Sequence[MediaType]) -> float:
    """How welcome a media type is: the q-value of the most specific range that it falls in, 0 where in none.

    Source: RFC 9110, section 12.5.1.
    """
    own = MediaType(media_type)
    fitting = [(accepted.specificity, accepted.quality) for accepted in ranges if accepted.match(own)]
    return max(fitting)[1] if fitting else 0.0
