"""All paths of the API."""

from pathlib import Path

from django.contrib import admin
from django.urls import include, path
from django.views.static import serve

from api.accounts.sign_in import to_sign_in
from api.accounts.urls import page_urls
from api.accounts.urls import urlpatterns as access_urls
from api.assets.urls import urlpatterns as asset_urls
from api.docs.urls import urlpatterns as docs_urls
from api.history.urls import urlpatterns as history_urls
from api.maintenance.urls import urlpatterns as maintenance_urls
from api.metadata.urls import urlpatterns as metadata_urls
from api.overview.urls import urlpatterns as overview_urls
from api.score.urls import urlpatterns as score_urls
from api.status.urls import probe_urls
from api.status.urls import urlpatterns as status_urls

_ADMIN_FILES = Path(admin.__file__).parent / "static" / "admin"

urlpatterns = [
    path("admin/login/", to_sign_in),
    path("admin/", admin.site.urls),
    path("static/admin/<path:path>", serve, {"document_root": _ADMIN_FILES}),
    path(
        "api/v1/",
        include([*history_urls, *overview_urls, *score_urls, *asset_urls, *status_urls, *docs_urls]),
    ),
    path("api/v1/", include([*metadata_urls, *maintenance_urls, *access_urls])),
    *probe_urls,
    *page_urls,
    path("", include("api.viewer.urls")),
]
handler400 = "api.http.problems.bad_request"
handler403 = "api.http.problems.forbidden"
handler404 = "api.http.problems.not_found"
handler500 = "api.http.problems.server_error"
