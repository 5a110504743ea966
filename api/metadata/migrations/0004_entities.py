"""Entities, and the first of them. Its reverse drops the table."""

import re
from typing import Any, ClassVar

import django.core.validators
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.utils import timezone

import api.metadata.models.asset
from api.metadata.seed import ENTITIES


def seed(apps: Any, schema_editor: Any) -> None:
    """Insert the rows that do not exist. Idempotent."""
    rows = apps.get_model("metadata", "Entity").objects.using(schema_editor.connection.alias)
    common = {"version": 1, "changed_time": timezone.now()}
    columns = ("name", "title", "kind", "asset", "aliases")
    rows.bulk_create(
        [rows.model(**dict(zip(columns, row, strict=True)), **common) for row in ENTITIES],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("metadata", "0003_bounded_display_order")]

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="Entity",
            fields=[
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("changed_time", models.DateTimeField(auto_now=True)),
                (
                    "name",
                    models.CharField(
                        max_length=20,
                        primary_key=True,
                        serialize=False,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("\\A[a-z0-9]{1,20}\\Z"), "lower-case letters and digits"
                            )
                        ],
                    ),
                ),
                ("title", models.CharField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("exchange", "Exchange"),
                            ("company", "Company"),
                            ("protocol", "Protocol"),
                            ("sector", "Sector"),
                            ("person", "Person"),
                            ("regulator", "Regulator"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "asset",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=20,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("\\A[a-z0-9]{1,20}\\Z"), "lower-case letters and digits"
                            )
                        ],
                    ),
                ),
                (
                    "aliases",
                    models.JSONField(
                        blank=True, default=dict, validators=[api.metadata.models.asset.validate_aliases]
                    ),
                ),
            ],
            options={"ordering": ("name",), "verbose_name_plural": "entities"},
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
