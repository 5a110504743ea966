"""The Django application of the metadata."""

from django.apps import AppConfig


class MetadataConfig(AppConfig):
    name = "api.metadata"
    label = "metadata"
    verbose_name = "Metadata"
