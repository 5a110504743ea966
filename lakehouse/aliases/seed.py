"""Names that an installation begins with, as data: `assets.toml` and `entities.toml`, in the order of display."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.aliases.names import KINDS, AssetNames, EntityNames


@dataclass(frozen=True, slots=True)
class SeedEntity:
    """An entity as people read it: its ``title``, and its ``kind``, such as exchange."""

    title: str
    kind: str
    names: EntityNames


def _read(file: str) -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads((Path(__file__).parent / file).read_text(encoding="utf-8"))


def _kinds(row: Mapping[str, Any]) -> dict[str, list[str]]:
    return {kind: row[kind] for kind in KINDS if kind in row}


_ASSETS = _read("assets.toml")
SEED = tuple(AssetNames.parse(symbol, _kinds(row)) for symbol, row in _ASSETS.items())
SEED_TITLES: Mapping[str, str] = {symbol: row["name"] for symbol, row in _ASSETS.items()}
SEED_ENTITIES = tuple(
    SeedEntity(row["title"], row["kind"], EntityNames.parse(name, row.get("asset"), _kinds(row)))
    for name, row in _read("entities.toml").items()
)
