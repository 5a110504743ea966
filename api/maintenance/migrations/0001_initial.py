"""The record of runs."""

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar[list[tuple[str, str]]] = []

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="MaintenanceRun",
            fields=[
                ("run_id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("lake_uri", models.CharField(max_length=1000)),
                ("command", models.CharField(max_length=40)),
                ("host", models.CharField(max_length=255)),
                ("pid", models.BigIntegerField()),
                ("started_time", models.DateTimeField()),
                ("ended_time", models.DateTimeField(null=True)),
                ("exit_code", models.IntegerField(null=True)),
                ("error", models.TextField(null=True)),
                ("figures", models.JSONField(null=True)),
            ],
            options={
                "ordering": ("-run_id",),
                "indexes": [models.Index(fields=["lake_uri", "-run_id"], name="maintenance_of_lake")],
            },
        ),
    ]
