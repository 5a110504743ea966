"""Says how far the order of assets goes: SQLite's columns do not, PostgreSQL's do. Changes no table."""

from typing import ClassVar

import django.core.validators
from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("metadata", "0002_seed")]

    operations: ClassVar[list[Operation]] = [
        migrations.AlterField(
            model_name="asset",
            name="display_order",
            field=models.PositiveSmallIntegerField(
                default=1000, validators=[django.core.validators.MaxValueValidator(32_767)]
            ),
        ),
    ]
