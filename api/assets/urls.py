"""The path of the list of assets; a trailing slash is accepted too."""

from api.assets.views import AssetsView
from api.http.patterns import route

urlpatterns = [route("actifs", AssetsView, "actifs")]
