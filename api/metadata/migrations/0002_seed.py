"""First rows of the tables. Its reverse changes nothing: the tables themselves are dropped."""

from typing import Any, ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation
from django.utils import timezone

from api.metadata.seed import ASSETS, CONFIGURATION, SOURCES


def seed(apps: Any, schema_editor: Any) -> None:
    """Insert the rows that do not exist. Idempotent."""
    now, alias = timezone.now(), schema_editor.connection.alias
    asset, source, entry = (
        apps.get_model("metadata", name).objects.using(alias)
        for name in ("Asset", "Source", "ConfigurationEntry")
    )
    common = {"version": 1, "changed_time": now}
    _add(
        asset,
        [
            {
                "symbol": symbol,
                "name": name,
                "colour": colour,
                "aliases": aliases,
                "display_order": 10 * order,
            }
            for order, (symbol, name, colour, aliases) in enumerate(ASSETS, start=1)
        ],
        common,
    )
    columns = ("name", "kind", "title", "url", "language")
    _add(source, [dict(zip(columns, row, strict=True)) for row in SOURCES], common)
    _add(entry, [{"name": name, "value": value} for name, value in CONFIGURATION], common)


def _add(rows: Any, values: list[dict[str, Any]], common: dict[str, Any]) -> None:
    rows.bulk_create([rows.model(**value, **common) for value in values], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("metadata", "0001_initial")]

    operations: ClassVar[list[Operation]] = [migrations.RunPython(seed, migrations.RunPython.noop)]
