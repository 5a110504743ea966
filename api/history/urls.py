"""Paths of the histories; a trailing slash is accepted too."""

from django.urls import re_path

from api.history.views import HistoryView, remembering
from lakehouse.series import SERIES

urlpatterns = [
    re_path(
        rf"\A{name}/(?P<symbol>[\s\S]*)/historique/?\Z",
        remembering(HistoryView.as_view(series=series)),
        name=f"{name}-historique",
    )
    for name, series in SERIES.items()
]
