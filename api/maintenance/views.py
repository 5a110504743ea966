"""View of the runs for staff, with their errors in full."""

from django.db import models
from rest_framework.serializers import ModelSerializer

from api.access.permissions import Access
from api.maintenance.models import MaintenanceRun
from api.maintenance.record import copy_runs
from api.process.lake import current_lake
from api.resources.views import ListView


class MaintenanceRunSerializer(ModelSerializer):
    """One run as a document."""

    class Meta:
        model = MaintenanceRun
        fields = "__all__"


class MaintenanceView(ListView):
    """GET the runs of this lake's table service, the newest first."""

    read, write = Access.CONFIGURATION, Access.NOBODY
    serializer_class = MaintenanceRunSerializer
    key = "run_id"
    descending = True

    def rows(self, **path: str) -> models.QuerySet[MaintenanceRun]:
        location = current_lake().location
        copy_runs(location)
        return MaintenanceRun.objects.filter(lake_uri=location.uri)
