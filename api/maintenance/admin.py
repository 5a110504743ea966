"""The record in the admin: to look at, never to change."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from api.maintenance.models import MaintenanceRun
from api.maintenance.record import copy_runs
from api.process.lake import current_lake

_SHOWN_CHARACTERS = 80


@admin.register(MaintenanceRun)
class MaintenanceRunAdmin(admin.ModelAdmin):
    list_display = (
        "started_time",
        "command",
        "outcome",
        "lasted",
        "exit_code",
        "error_begins",
        "host",
    )
    list_filter = ("command", "exit_code")
    search_fields = ("run_id", "host", "error")
    search_help_text = "run, host or error"
    date_hierarchy = "started_time"

    @admin.display(description="lasted")
    def lasted(self, run: MaintenanceRun) -> str:
        return (
            "-" if run.ended_time is None else f"{(run.ended_time - run.started_time).total_seconds():.1f} s"
        )

    @admin.display(description="error", empty_value="-")
    def error_begins(self, run: MaintenanceRun) -> str | None:
        return None if run.error is None else Truncator(run.error).chars(_SHOWN_CHARACTERS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[MaintenanceRun]:
        copy_runs(current_lake().location)
        return super().get_queryset(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: MaintenanceRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: MaintenanceRun | None = None) -> bool:
        return False
