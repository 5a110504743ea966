"""The Django application of maintenance."""

from django.apps import AppConfig


class MaintenanceConfig(AppConfig):
    name = "api.maintenance"
    label = "maintenance"
    verbose_name = "Table service"
