"""Paths of the histories; a trailing slash is accepted too."""

from django.urls import re_path

from api.history.views import HistoriesView, HistoryView, cached_response
from api.http.series_names import SERIES_BY_NAME

urlpatterns = [
    *(
        re_path(rf"\A{name}/historique/?\Z", HistoriesView.as_view(series=series), name=f"{name}-historiques")
        for name, series in SERIES_BY_NAME.items()
    ),
    *(
        re_path(
            rf"\A{name}/(?P<symbol>[\s\S]*)/historique/?\Z",
            cached_response(HistoryView.as_view(series=series)),
            name=f"{name}-historique",
        )
        for name, series in SERIES_BY_NAME.items()
    ),
]
