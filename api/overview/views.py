"""The view of the overview: validate, select, answer."""

from django.http import HttpResponse, QueryDict
from rest_framework.request import Request

from api.access.base_views import LakeView
from api.history.symbol_lists import SYMBOLS, SYMBOLS_ACCEPTED, parse_symbols
from api.http import clock
from api.http.query import check_names
from api.overview import selectors
from api.process.lake import current_overview


class OverviewView(LakeView):
    """GET the latest of all symbols, or of some."""

    def get(self, request: Request) -> HttpResponse:
        answer = selectors.overview(
            overview=current_overview(), symbols=_parse(request.query_params), now_us=clock.now_us()
        )
        headers = {"ETag": answer.etag, "Cache-Control": "no-cache"}
        return HttpResponse(answer.body, content_type="application/json", headers=headers)


def _parse(query: QueryDict) -> tuple[str, ...] | None:
    """Return the symbols that are asked for; None for all. Raises QueryError."""
    given = check_names(query, {SYMBOLS: SYMBOLS_ACCEPTED})
    return parse_symbols(given[SYMBOLS]) if SYMBOLS in given else None
