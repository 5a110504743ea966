"""The view of the scorecard: validate, select, answer."""

from django.http import HttpResponse, QueryDict
from rest_framework.request import Request

from api.access.base_views import LakeView, respond
from api.history.parameters import PARAMETER_OF, parse_symbol
from api.http import clock
from api.http.query import check_names
from api.process.lake import current_lake
from api.score import selectors

PARAMETER_NAMES = ("modele", "horizon")


class ScoreView(LakeView):
    """GET the forecast skill of each model about one symbol."""

    def get(self, request: Request, symbol: str) -> HttpResponse:
        asked = _parse(request.query_params)
        scores = selectors.scores(
            lake=current_lake(),
            symbol=parse_symbol(symbol),
            model=asked.get("modele"),
            horizon=asked.get("horizon"),
            now_us=clock.now_us(),
        )
        return respond(scores)


def _parse(query: QueryDict) -> dict[str, str]:
    """Return {name: value} of the parameters. Raises QueryError, naming the parameter."""
    given = check_names(query, {name: PARAMETER_OF[name].accepted for name in PARAMETER_NAMES})
    return {name: PARAMETER_OF[name].check(text) for name, text in given.items()}
