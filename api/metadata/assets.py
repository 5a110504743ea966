"""Descriptions of assets: what people added to what the tables hold of a symbol."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import DatabaseError

from api.metadata.models import Asset
from api.metadata.seed import ASSETS


@dataclass(frozen=True, slots=True)
class AssetDescription:
    """A symbol as people see it. ``display_order`` ascends; None for a symbol that has no row."""

    name: str | None = None
    enabled: bool = True
    display_order: int | None = None
    colour: str | None = None


UNKNOWN = AssetDescription()
_SEED: Mapping[str, AssetDescription] = {
    symbol: AssetDescription(name, True, 10 * order, colour or None)
    for order, (symbol, name, colour, _) in enumerate(ASSETS, start=1)
}


def read_descriptions() -> Mapping[str, AssetDescription]:
    """Return {symbol: description}; the seed's rows where the metadata cannot be read."""
    columns = ("symbol", "name", "enabled", "display_order", "colour")
    try:
        rows = list(Asset.objects.order_by().values_list(*columns))
    except DatabaseError:
        return _SEED
    return {
        symbol: AssetDescription(name, enabled, order, colour or None)
        for symbol, name, enabled, order, colour in rows
    }
