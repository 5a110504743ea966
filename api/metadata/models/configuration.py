"""Values of the configuration, and the record of their changes."""

from django.conf import settings
from django.db import models

from api.metadata.models.versioned import VersionedRow


class ConfigurationEntry(VersionedRow):
    """Value of one of `api.metadata.configuration.KEYS`; a key without a row has its default."""

    name = models.CharField(primary_key=True, max_length=40)
    value = models.JSONField()

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "configuration"

    def __str__(self) -> str:
        return str(self.name)


class ConfigurationChange(models.Model):
    """One change, never altered. The user's name stays when the user is deleted."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    old_value = models.JSONField(null=True)
    new_value = models.JSONField(null=True)
    changed_time = models.DateTimeField(auto_now_add=True)
    changed_by = models.CharField(max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("name", "version"), name="one_change_a_version"),)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
