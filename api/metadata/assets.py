"""What the list of assets says of each symbol beyond what the tables have seen of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import DatabaseError

from api.metadata.models import Asset
from api.metadata.seed import ASSETS


@dataclass(frozen=True, slots=True)
class Described:
    """``display_order`` ascends; null where a symbol has no place of its own."""

    name: str | None = None
    enabled: bool = True
    display_order: int | None = None
    colour: str | None = None


UNKNOWN = Described()
_SEED: Mapping[str, Described] = {
    symbol: Described(name, True, 10 * order, colour)
    for order, (symbol, name, colour, _) in enumerate(ASSETS, start=1)
}


def described_assets() -> Mapping[str, Described]:
    """{symbol: what is said of it}; what the tables begin with where the metadata cannot be read."""
    columns = ("symbol", "name", "enabled", "display_order", "colour")
    try:
        rows = list(Asset.objects.order_by().values_list(*columns))
    except DatabaseError:
        return _SEED
    return {
        symbol: Described(name, enabled, order, colour or None)
        for symbol, name, enabled, order, colour in rows
    }
