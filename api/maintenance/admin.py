"""Runs in the admin, read-only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from api.maintenance.models import MaintenanceRun
from api.maintenance.record import copy_runs
from api.process.lake import current_lake
from api.resources.admin import ReadOnlyAdmin

_SHOWN_CHARACTERS = 80


@admin.register(MaintenanceRun)
class MaintenanceRunAdmin(ReadOnlyAdmin):
    list_display = ("started_time", "command", "outcome", "lasted", "exit_code", "error_begins", "host")
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
