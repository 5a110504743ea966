"""The Django application of the metadata."""

from django.apps import AppConfig


class MetadataConfig(AppConfig):
    name = "api.metadata"
    label = "metadata"
    verbose_name = "Metadata"

    def ready(self) -> None:
        from api.metadata.aliases import publish_after_changes

        publish_after_changes()
