"""The path of the overview."""

from api.http.patterns import route
from api.overview.views import OverviewView

urlpatterns = [route("apercu", OverviewView, "apercu")]
