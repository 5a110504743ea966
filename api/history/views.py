"""Views of the histories: validate, select, answer."""

from collections.abc import Callable, Hashable, Iterator
from functools import cache, wraps

from deltalake.exceptions import DeltaError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from api.access.base_views import LakeView, respond
from api.history import selectors
from api.history.questions import parse_history_query, travel_in
from api.history.response_cache import ResponseCache
from api.history.selectors import HistoryAnswer, HistoryRequest
from api.http.clock import now_us
from api.http.encoding import encode_json
from api.http.negotiation import FORMAT, FormatNegotiation
from api.http.renderers import MEDIA_TYPES, TABULAR_RENDERERS
from api.process.lake import current_lake, current_settings, cursor_key
from lakehouse.errors import LakehouseError
from lakehouse.history.page import HistoryQuery
from lakehouse.series.definitions import SENTIMENT, Series
from lakehouse.time_range import HOUR_US

# A commit that began before an instant may land a little after it: what is pinned this long ago is settled.
SETTLED_US = HOUR_US
_PINNED = "public, max-age=86400, immutable"
_ASK_AGAIN = "no-cache"
JSON = "json"


class HistoryView(LakeView):
    """GET one page of one series of one symbol."""

    renderer_classes = TABULAR_RENDERERS
    content_negotiation_class = FormatNegotiation
    series: Series = SENTIMENT

    def get(self, request: Request, symbol: str) -> HttpResponse | StreamingHttpResponse:
        lake, representation = current_lake(), request.accepted_renderer.format
        query = parse_history_query(
            series=self.series,
            symbol=symbol,
            query=request.query_params,
            now_us=now_us(),
            cursor_key=cursor_key(),
            representation=representation,
            travel=travel_in(lake),
        )
        asked = HistoryRequest(
            query=query,
            representation=representation,
            path=f"/api/v1/{self.series.name}/{query.symbol}/historique",
            format_asked=request.query_params.get(FORMAT),
            cursor_key=cursor_key(),
            wait_seconds=current_settings().cursor_wait_seconds,
        )
        answer = selectors.history(lake=lake, request=asked)
        if answer.kept is not None:
            response_cache().keep(_key_of(request), answer.kept)
        return _respond(answer, representation, cache_control=_cache_control(query))


def cached_response(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A history view that answers a request it was asked before without going through it, where that is still true."""

    @wraps(view)
    def answer(request: HttpRequest, **path: str) -> HttpResponseBase:
        settings = current_settings()
        kept = response_cache().find(_key_of(request)) if request.method == "GET" else None
        if (
            kept is None
            or settings.rate_limit
            or not settings.history_open
            or "Authorization" in request.headers
        ):
            response_cache().n_found["miss"] += 1
            return view(request, **path)
        try:
            found = selectors.cached_answer(kept, lake=current_lake(), now_us=now_us())
        except (LakehouseError, DeltaError):
            found = None  # the view says what is wrong
        if found is None:
            response_cache().n_found["miss"] += 1
            return view(request, **path)
        response_cache().n_found["hit"] += 1
        response = _respond(found, JSON, cache_control=_ASK_AGAIN)
        response["Allow"] = ", ".join(method.upper() for method in HistoryView.http_method_names)
        return response

    return answer


@cache
def response_cache() -> ResponseCache:
    """This process's pages."""
    return ResponseCache(current_settings().answers_budget_bytes)


def _key_of(request: HttpRequest | Request) -> Hashable:
    """All of a request that its answer depends on."""
    return request.path_info, request.META.get("QUERY_STRING", ""), request.META.get("HTTP_ACCEPT")


def _cache_control(query: HistoryQuery) -> str:
    if query.moment is None or now_us() - query.moment.instant_us < SETTLED_US:
        return _ASK_AGAIN
    return _PINNED


def _respond(
    answer: HistoryAnswer, representation: str, *, cache_control: str
) -> HttpResponse | StreamingHttpResponse:
    media_type = MEDIA_TYPES[representation]
    if isinstance(answer.body, Iterator):
        response = StreamingHttpResponse(answer.body, content_type=media_type)
    else:
        response = HttpResponse(answer.body, content_type=media_type)
    response["ETag"] = answer.etag
    response["Cache-Control"] = cache_control
    response["Vary"] = "Accept"
    if answer.meta["suivant"] is not None:
        response["Link"] = f'<{answer.meta["suivant"]}>; rel="next"'
    if representation != JSON:
        for name in ("requete", "complet", "horizon", "snapshot"):
            response[f"Cryptoviz-{name.capitalize()}"] = encode_json(answer.meta[name]).decode()
    return response


__all__ = ["HistoryView", "cached_response", "respond"]
