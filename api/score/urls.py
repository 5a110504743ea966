"""The path of the scorecard; a trailing slash is accepted too."""

from django.urls import re_path

from api.score.views import ScoreView

urlpatterns = [
    re_path(r"\Aprediction/(?P<symbol>[\s\S]*)/score/?\Z", ScoreView.as_view(), name="prediction-score")
]
