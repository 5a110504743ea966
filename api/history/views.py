"""Views of the histories: validate, select, answer."""

from collections.abc import Callable, Hashable, Iterator
from functools import cache, wraps

from deltalake.exceptions import DeltaError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from api.access.base_views import LakeView
from api.access.permissions import may_read_unidentified
from api.access.throttling import AddressThrottle
from api.history import selectors
from api.history.many_questions import parse_many
from api.history.many_selectors import histories
from api.history.questions import parse_history_query
from api.history.response_cache import ResponseCache
from api.history.selectors import HistoryAnswer, HistoryRequest
from api.http import clock
from api.http.encoding import encode_json
from api.http.negotiation import FORMAT, FormatNegotiation
from api.http.renderers import MEDIA_TYPES, TABULAR_RENDERERS
from api.http.series_names import NAME_OF_SERIES
from api.process.lake import current_lake, current_settings, cursor_key
from lakehouse.errors import LakehouseError
from lakehouse.history.query import HistoryQuery
from lakehouse.series.definitions import SENTIMENT, Series
from lakehouse.time_range import HOUR_US

# A commit that began before an instant may land a little after it: what is pinned this long ago is settled.
SETTLED_US = HOUR_US
_PINNED = "public, max-age=86400, immutable"
_REVALIDATE = "no-cache"
JSON = "json"
_IN_HEADERS = {"requete", "complet", "retained_from", "exclus", "snapshot"}


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
            now_us=clock.now_us(),
            cursor_key=cursor_key(),
            representation=representation,
            lake=lake,
        )
        question = HistoryRequest(
            query=query,
            representation=representation,
            path=f"/api/v1/{NAME_OF_SERIES[self.series.name]}/{query.symbol}/historique",
            format_asked=request.query_params.get(FORMAT),
            cursor_key=cursor_key(),
            wait_seconds=current_settings().cursor_wait_seconds,
        )
        answer = selectors.history(lake=lake, request=question)
        if answer.cacheable is not None:
            response_cache().put(_key_of(request), answer.cacheable)
        return _respond(answer, representation, cache_control=_cache_control(query))


class HistoriesView(LakeView):
    """GET one series of many symbols, all of one snapshot."""

    renderer_classes = TABULAR_RENDERERS
    content_negotiation_class = FormatNegotiation
    series: Series = SENTIMENT

    def get(self, request: Request) -> HttpResponse | StreamingHttpResponse:
        lake, representation = current_lake(), request.accepted_renderer.format
        question = parse_many(
            series=self.series,
            query=request.query_params,
            now_us=clock.now_us(),
            cursor_key=cursor_key(),
            representation=representation,
            lake=lake,
        )
        answer = histories(
            lake=lake,
            question=question,
            representation=representation,
            format_asked=request.query_params.get(FORMAT),
            cursor_key=cursor_key(),
        )
        return _respond(answer, representation, cache_control=_cache_control(question.queries[0]))


def cached_response(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Serve the cached response of a history view while it is still valid."""

    @wraps(view)
    def answer(request: HttpRequest, **path: str) -> HttpResponseBase:
        cached = _find_answer(request)
        response_cache().n_found["miss" if cached is None else "hit"] += 1
        if cached is None:
            return view(request, **path)
        response = _respond(cached, JSON, cache_control=_REVALIDATE)
        response["Allow"] = ", ".join(method.upper() for method in HistoryView.http_method_names)
        return response

    return answer


def _find_answer(request: HttpRequest) -> HistoryAnswer | None:
    """Return a valid cached answer; None where the view has to answer, count or authorize the request."""
    is_counted = AddressThrottle().rate is not None
    if request.method != "GET" or is_counted or not may_read_unidentified(request):
        return None
    page = response_cache().get(_key_of(request))
    if page is None:
        return None
    try:
        return selectors.cached_answer(page, lake=current_lake(), now_us=clock.now_us())
    except (LakehouseError, DeltaError):
        return None  # the view answers with the error


@cache
def response_cache() -> ResponseCache:
    """Return this process's cache."""
    return ResponseCache(current_settings().answers_budget_bytes)


def _key_of(request: HttpRequest | Request) -> Hashable:
    """Return all of a request that its answer depends on."""
    return request.path_info, request.META.get("QUERY_STRING", ""), request.META.get("HTTP_ACCEPT")


def _cache_control(query: HistoryQuery) -> str:
    if query.moment is None or clock.now_us() - query.moment.instant_us < SETTLED_US:
        return _REVALIDATE
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
        for name in _IN_HEADERS & answer.meta.keys():
            response[f"Cryptoviz-{name.replace('_', '-').title()}"] = encode_json(answer.meta[name]).decode()
    return response
