"""View of the list of assets."""

from functools import cache
from urllib.parse import urlencode

from django.http import HttpResponse
from rest_framework.request import Request

from api.access.base_views import LakeView, respond
from api.assets.listing import (
    SymbolOrder,
    decode_asset_cursor,
    encode_asset_cursor,
    read_one,
    read_page,
)
from api.assets.parameters import ASSET_PARAMETERS, DEFAULT_ASSETS
from api.history.parameters import wire_errors
from api.http.query import check_names
from api.metadata.assets import read_descriptions
from api.process.lake import current_lake, cursor_key
from lakehouse.errors import QueryError


class AssetsView(LakeView):
    """GET the symbols, with their first and last event: a page of them, or one."""

    def get(self, request: Request) -> HttpResponse:
        with wire_errors():
            texts = check_names(request.query_params, {each.name: each.accepted for each in ASSET_PARAMETERS})
            for parameter in ASSET_PARAMETERS:
                if parameter.name in texts:
                    parameter.check(texts[parameter.name])
            if "symbole" in texts:
                return _answer_one(texts)
            return _answer_page(request.path, texts)


def _answer_one(texts: dict[str, str]) -> HttpResponse:
    if len(texts) > 1:
        raise QueryError(
            parameter="symbole",
            problem="it is given together with others",
            accepted="it alone, or not at all",
        )
    assets = read_one(lake=current_lake(), descriptions=read_descriptions(), symbol=texts["symbole"])
    return respond({"actifs": assets, "suivant": None})


def _answer_page(path: str, texts: dict[str, str]) -> HttpResponse:
    limit = int(texts.get("limite", DEFAULT_ASSETS))
    cursor = decode_asset_cursor(texts["curseur"], cursor_key()) if "curseur" in texts else None
    assets, following = read_page(
        lake=current_lake(),
        order=_symbol_order(),
        descriptions=read_descriptions(),
        limit=limit,
        cursor=cursor,
    )
    if following is None:
        return respond({"actifs": assets, "suivant": None})
    query = {"limite": str(limit), "curseur": encode_asset_cursor(following, cursor_key())}
    next_url = f"{path}?{urlencode(query)}"
    response = respond({"actifs": assets, "suivant": next_url})
    response["Link"] = f'<{next_url}>; rel="next"'
    return response


@cache
def _symbol_order() -> SymbolOrder:
    """Return this process's order."""
    return SymbolOrder()
