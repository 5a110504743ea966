"""The record in the admin: to look at, never to change."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from api.lakes import current_lake
from api.maintenance.models import MaintenanceRun
from api.maintenance.record import take_over_runs


@admin.register(MaintenanceRun)
class MaintenanceRunAdmin(admin.ModelAdmin):
    list_display = (
        "started_time",
        "command",
        "outcome",
        "ended_time",
        "exit_code",
        "error",
        "gained",
        "host",
    )
    list_filter = ("command", "exit_code")
    date_hierarchy = "started_time"

    def get_queryset(self, request: HttpRequest) -> QuerySet[MaintenanceRun]:
        take_over_runs(current_lake().location)
        return super().get_queryset(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: MaintenanceRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: MaintenanceRun | None = None) -> bool:
        return False
