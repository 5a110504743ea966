"""Rows with optimistic locking: each save is a version."""

from typing import Any

from django.db import models


class VersionedRow(models.Model):
    """Row whose ``version`` counts saves, from 1; a change that names another one is refused."""

    version = models.PositiveIntegerField(default=0, editable=False)
    changed_time = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.version += 1
        super().save(*args, **kwargs)
