"""Path of the runs."""

from api.http.patterns import route
from api.maintenance.views import MaintenanceView

urlpatterns = [route("maintenance", MaintenanceView, "maintenance")]
