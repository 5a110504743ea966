"""The record of runs, which lasts longer than the lake's own."""

from django.db import models


class MaintenanceRun(models.Model):
    """One run of a command that may change a lake.

    ``ended_time`` is null while it runs, and after it was killed until the next run finds its record.
    """

    run_id = models.CharField(primary_key=True, max_length=64)
    lake_uri = models.CharField(max_length=1000)
    command = models.CharField(max_length=40)
    host = models.CharField(max_length=255)
    pid = models.BigIntegerField()
    started_time = models.DateTimeField()
    ended_time = models.DateTimeField(null=True)
    exit_code = models.IntegerField(null=True)
    error = models.TextField(null=True)
    figures = models.JSONField(null=True)

    class Meta:
        ordering = ("-run_id",)
        indexes = (models.Index(fields=("lake_uri", "-run_id"), name="maintenance_of_lake"),)

    def __str__(self) -> str:
        return f"{self.command} {self.started_time:%Y-%m-%d %H:%M:%S}: {self.outcome}"

    @property
    def outcome(self) -> str:
        """Return done, failed, or that the run has not ended, or not been found killed yet."""
        if self.ended_time is None:
            return "runs, or was killed"
        return "done" if self.exit_code == 0 else "failed"
