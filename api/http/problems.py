"""Every error as RFC 9457 problem+json: what was wrong, which parameter, what is accepted."""

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
from lakehouse.errors import (
    BehindError,
    BusyError,
    CostError,
    FileGoneError,
    LakehouseError,
    LakeNotFoundError,
    QueryError,
    SchemaMismatchError,
    VersionGoneError,
)

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 2
_MAX_SHOWN = 500


class UnknownSymbolError(Exception):
    """No table has ever seen the symbol."""

    def __init__(self, symbol: str) -> None:
        super().__init__(f"{symbol} is not a symbol that this lake has seen")
        self.symbol = symbol


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> HttpResponse:
    """An answer that says what went wrong. ``more`` adds members to the document."""
    title = HTTPStatus(status).phrase
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail[:_MAX_SHOWN]} | more
    response = HttpResponse(
        encode_json(document), status=status, content_type=PROBLEM_MEDIA_TYPE, headers=dict(headers or {})
    )
    response["Cache-Control"] = "no-store"
    return response


def handle_exception(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Django REST framework's exception handler: a problem for any exception at all."""
    return to_problem(error)


def to_problem(error: Exception) -> HttpResponse:
    """The problem for an exception. Total: what is not foreseen is logged and answered with 500."""
    for kind, answer in _ANSWERS:
        if isinstance(error, kind):
            return answer(error)
    logger.error("unforeseen error=%s", type(error).__name__, exc_info=error)
    return problem(500, "this should not have happened; it was logged")


def _query(error: Any) -> HttpResponse:
    return problem(
        400,
        f"{error.parameter}: {_cut(error.problem)}",
        parameter=error.parameter,
        accepted=error.accepted,
    )


def _unknown_symbol(error: Any) -> HttpResponse:
    return problem(
        404,
        str(error),
        parameter="symbol",
        accepted="a symbol that /api/v1/actifs lists",
        see="/api/v1/actifs",
    )


def _later(error: Any) -> HttpResponse:
    if not isinstance(error, (BehindError, BusyError, LakeNotFoundError)):
        logger.warning("not answerable now error=%s problem=%s", type(error).__name__, error)
    what = getattr(error, "what", None)
    detail = f"{what} does not exist yet" if what else _detail_of(error)
    return problem(503, detail, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def _too_costly(error: Any) -> HttpResponse:
    logger.warning("query stopped spent=%s", error.spent)
    return problem(503, str(error), {"Retry-After": str(RETRY_AFTER_SECONDS)}, accepted=error.accepted)


def _detail_of(error: Exception) -> str:
    if isinstance(error, (BehindError, BusyError)):
        return str(error)
    if isinstance(error, SchemaMismatchError):
        return f"table {error.table} is not the table this code defines: {error.problem}"
    return "the lake cannot be read right now"


def _gone(error: Any) -> HttpResponse:
    return problem(410, str(error), available=error.available)


def _api(error: Any) -> HttpResponse:
    headers = {"WWW-Authenticate": error.auth_header} if getattr(error, "auth_header", None) else {}
    if isinstance(error, Throttled):
        headers["Retry-After"] = str(math.ceil(error.wait or 1))
    accepted = {"accepted": error.accepted} if hasattr(error, "accepted") else {}
    return problem(error.status_code, str(error.detail), headers, **accepted)


def _invalid(error: Any) -> HttpResponse:
    """A body that is not taken: the first member that is wrong, and all of them under ``errors``."""
    errors = {str(name): _first_text(texts) for name, texts in error.detail.items()}
    name, text = next(iter(errors.items()))
    return problem(400, f"{name}: {text}", parameter=name, accepted=text, errors=errors)


def _first_text(texts: Any) -> str:
    while isinstance(texts, (list, dict)) and texts:
        texts = next(iter(texts.values())) if isinstance(texts, dict) else texts[0]
    return _cut(str(texts))


def _no_database(error: Any) -> HttpResponse:
    logger.warning("metadata not usable error=%s problem=%s", type(error).__name__, error)
    return problem(
        503,
        "the metadata database cannot be used right now",
        {"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


_ANSWERS: tuple[tuple[type[Exception], Callable[[Any], HttpResponse]], ...] = (
    (QueryError, _query),
    (UnknownSymbolError, _unknown_symbol),
    (VersionGoneError, _gone),
    (CostError, _too_costly),
    (BehindError, _later),
    (LakeNotFoundError, _later),
    (FileGoneError, _later),
    (SchemaMismatchError, _later),
    (LakehouseError, _later),
    (DeltaError, _later),
    (duckdb.OperationalError, _later),
    (DatabaseError, _no_database),
    (ValidationError, _invalid),
    (APIException, _api),
    (Http404, lambda error: not_found(None)),
    (PermissionDenied, lambda error: problem(403, "not allowed")),
    (SuspiciousOperation, lambda error: problem(400, "the request is malformed")),
)


class ProblemMiddleware:
    """Turns errors outside of Django REST framework's views into problems as well."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse:
        return to_problem(error)


def not_found(request: HttpRequest | None, exception: Exception | None = None) -> HttpResponse:
    return problem(404, "nothing is served at this path", see="/api/v1/schema")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return problem(400, "the request is malformed")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return problem(403, "not allowed")


def server_error(request: HttpRequest) -> HttpResponse:
    return problem(500, "this should not have happened; it was logged")


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
