"""Views of the histories: validate, select, answer."""

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from api.clock import now_us
from api.encoding import encode_json
from api.history import selectors
from api.history.questions import parse_history_query
from api.lakes import current_lake, current_settings, cursor_key
from lakehouse.series import SENTIMENT, Series


class HistoryView(APIView):
    """GET one page of one series of one symbol."""

    series: Series = SENTIMENT

    def get(self, request: Request, symbol: str) -> HttpResponse:
        query = parse_history_query(
            series=self.series,
            symbol=symbol,
            query=request.query_params,
            now_us=now_us(),
            cursor_key=cursor_key(),
        )
        envelope = selectors.history(
            lake=current_lake(),
            query=query,
            path=f"/api/v1/{self.series.name}/{query.symbol}/historique",
            cursor_key=cursor_key(),
            wait_seconds=current_settings().cursor_wait_seconds,
        )
        return respond(envelope)


def respond(envelope: object) -> HttpResponse:
    """The envelope as JSON that a client may keep but must ask about again."""
    response = HttpResponse(encode_json(envelope), content_type="application/json")
    response["Cache-Control"] = "no-cache"
    return response
