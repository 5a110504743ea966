"""Errors as RFC 9457 problem+json: what is wrong, which parameter, what is accepted."""

import logging
import math
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import duckdb
from deltalake.exceptions import DeltaError
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, Throttled, ValidationError

from api.http.encoding import PROBLEM_MEDIA_TYPE, encode_json
from api.http.query import as_given
from lakehouse.errors import (
    BehindError,
    BusyError,
    CostError,
    LakehouseError,
    LakeNotFoundError,
    LayoutError,
    QueryError,
    SchemaMismatchError,
    StoriesBehindError,
    VersionGoneError,
)

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 2
_RETRY_LATER = {"Retry-After": str(RETRY_AFTER_SECONDS)}
_MAX_SHOWN = 500


class UnknownSymbolError(Exception):
    """No table holds rows of the symbol."""

    def __init__(self, symbol: str, accepted: str) -> None:
        super().__init__(f"{symbol} is not a symbol that this lake has seen")
        self.symbol = symbol
        self.accepted = accepted


class UnknownSymbolsError(Exception):
    """No table holds rows of some of the symbols in a list. ``errors`` says of each what is accepted."""

    def __init__(self, parameter: str, errors: Mapping[str, str], *, accepted: str) -> None:
        super().__init__(f"this lake has not seen {', '.join(errors)}")
        self.parameter = parameter
        self.errors = errors
        self.accepted = accepted


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> HttpResponse:
    """Return a problem with status and detail. ``more`` adds members to the document."""
    title = HTTPStatus(status).phrase
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail[:_MAX_SHOWN]} | more
    response = HttpResponse(
        encode_json(document), status=status, content_type=PROBLEM_MEDIA_TYPE, headers=dict(headers or {})
    )
    response["Cache-Control"] = "no-store"
    return response


def handle_exception(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Return the problem for any exception, as Django REST framework's exception handler.

    It names a parameter as the request does.
    """
    if isinstance(error, QueryError) and "request" in context:
        parameter = as_given(error.parameter, context["request"].query_params)
        error = QueryError(parameter=parameter, problem=error.problem, accepted=error.accepted)
    if isinstance(error, UnknownSymbolsError) and "request" in context:
        error.parameter = as_given(error.parameter, context["request"].query_params)
    return to_problem(error)


def to_problem(error: Exception) -> HttpResponse:
    """Return the problem for an exception. One that is not listed is logged and becomes 500."""
    for kinds, to_response in _PROBLEMS:
        if isinstance(error, kinds):
            return to_response(error)
    logger.error("unexpected error=%s", type(error).__name__, exc_info=error)
    return problem(500, "this should not have happened; it was logged")


def _to_query_problem(error: Any) -> HttpResponse:
    detail = f"{error.parameter}: {_shorten(error.problem)}"
    return problem(400, detail, parameter=error.parameter, accepted=error.accepted)


def _to_unknown_symbol(error: Any) -> HttpResponse:
    return problem(404, str(error), parameter="symbol", accepted=error.accepted, see="/api/v1/actifs")


def _to_unknown_symbols(error: Any) -> HttpResponse:
    return problem(
        404,
        str(error),
        parameter=error.parameter,
        accepted=error.accepted,
        errors=error.errors,
        see="/api/v1/actifs",
    )


def _to_unavailable(error: Any) -> HttpResponse:
    if not isinstance(error, (BehindError, BusyError, LakeNotFoundError, StoriesBehindError)):
        logger.warning("lake unavailable error=%s problem=%s", type(error).__name__, error)
    if isinstance(error, LakeNotFoundError):
        detail = f"{error.what} does not exist yet"
    elif isinstance(error, (BehindError, BusyError, StoriesBehindError)):
        detail = str(error)
    elif isinstance(error, LayoutError):
        detail = f"the lake has layout {error.layout}, this API reads layout {error.expected}: its operator rebuilds it"
    elif isinstance(error, SchemaMismatchError):
        detail = f"table {error.table} is not the table this code defines: {error.problem}"
    else:
        detail = "the lake cannot be read right now"
    return problem(503, detail, _RETRY_LATER)


def _to_stopped_query(error: Any) -> HttpResponse:
    logger.warning("query stopped spent=%s", error.spent)
    return problem(503, str(error), _RETRY_LATER, accepted=error.accepted)


def _to_database_unavailable(error: Any) -> HttpResponse:
    logger.warning("metadata not usable error=%s problem=%s", type(error).__name__, error)
    return problem(503, "the metadata database cannot be used right now", _RETRY_LATER)


def _to_api_problem(error: Any) -> HttpResponse:
    headers = {"WWW-Authenticate": error.auth_header} if getattr(error, "auth_header", None) else {}
    if isinstance(error, Throttled):
        headers["Retry-After"] = str(math.ceil(error.wait or 1))
    accepted = {"accepted": error.accepted} if hasattr(error, "accepted") else {}
    return problem(error.status_code, str(error.detail), headers, **accepted)


def _to_invalid_body(error: Any) -> HttpResponse:
    """Return the problem of a body: the first wrong member, and all of them under ``errors``."""
    errors = {str(name): _first_text(texts) for name, texts in error.detail.items()}
    name, text = next(iter(errors.items()))
    return problem(400, f"{name}: {text}", parameter=name, accepted=text, errors=errors)


def _first_text(texts: Any) -> str:
    while isinstance(texts, (list, dict)) and texts:
        texts = next(iter(texts.values())) if isinstance(texts, dict) else texts[0]
    return _shorten(str(texts))


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


_PROBLEMS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Any], HttpResponse]], ...] = (
    (QueryError, _to_query_problem),
    (UnknownSymbolError, _to_unknown_symbol),
    (UnknownSymbolsError, _to_unknown_symbols),
    (VersionGoneError, lambda error: problem(410, str(error), available=error.available)),
    (CostError, _to_stopped_query),
    ((LakehouseError, DeltaError, duckdb.OperationalError), _to_unavailable),
    (DatabaseError, _to_database_unavailable),
    (ValidationError, _to_invalid_body),
    (APIException, _to_api_problem),
    (Http404, lambda error: not_found(None)),
    (PermissionDenied, lambda error: problem(403, "not allowed")),
    (SuspiciousOperation, lambda error: problem(400, "the request is malformed")),
)


class ProblemMiddleware:
    """Middleware that turns errors outside of Django REST framework's views into problems."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse:
        return to_problem(error)


def not_found(request: HttpRequest | None, exception: Exception | None = None) -> HttpResponse:
    """Return 404 for a path that does not exist."""
    return problem(404, "nothing is served at this path", see="/api/v1/schema")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return 400."""
    return problem(400, "the request is malformed")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return 403."""
    return problem(403, "not allowed")


def server_error(request: HttpRequest) -> HttpResponse:
    """Return 500."""
    return problem(500, "this should not have happened; it was logged")
