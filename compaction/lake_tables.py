"""Opened tables of the served build."""

from collections.abc import Iterator

from deltalake import DeltaTable

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import open_table
from lakehouse.errors import LakeNotFoundError
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import TABLES


def open_tables(
    lake: LakeLocation, names: frozenset[str] = frozenset()
) -> Iterator[tuple[TableSpec, LakeLocation, DeltaTable]]:
    """Yield each existing table with its folder, in the order of the definitions; all where none is named.

    Raises LakeNotFoundError before the first build.
    """
    catalog = Catalog(lake)
    build = catalog.current_build()
    for spec in TABLES.values():
        if names and spec.name not in names:
            continue
        location = catalog.table_location(spec.name, build)
        try:
            table = open_table(location, spec)
        except LakeNotFoundError:
            continue
        yield spec, location, table
