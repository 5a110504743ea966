"""Path of the runs; a trailing slash is accepted too."""

from django.urls import re_path

from api.maintenance.views import MaintenanceView

urlpatterns = [re_path(r"\Amaintenance/?\Z", MaintenanceView.as_view(), name="maintenance")]
