"""Definitions of tables as data, for Spark, delta-rs and the docs alike."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pyarrow as pa
from deltalake import Schema as DeltaSchema

DeltaType: TypeAlias = str | dict[str, Any]


def list_of(element: DeltaType) -> DeltaType:
    """Return the type of a list of values."""
    return {"type": "array", "elementType": element, "containsNull": True}


def struct_of(types: Mapping[str, DeltaType]) -> DeltaType:
    """Return the type of a structure of named values."""
    fields = [{"name": n, "type": t, "nullable": True, "metadata": {}} for n, t in types.items()]
    return {"type": "struct", "fields": fields}


STRING_LIST = list_of("string")
HEADER_LIST = list_of(struct_of({"key": "string", "value": "binary"}))
QUANTILES = struct_of({"levels": list_of("double"), "values": list_of("double")})
MOVES = list_of(struct_of({"threshold": "double", "probability": "double"}))

# Keeps plain tables at protocol 1/2, which Spark and delta-rs both read, write and compact.
BASE_PROPERTIES = {
    "delta.enableDeletionVectors": "false",
    "delta.checkpointPolicy": "classic",
    "delta.columnMapping.mode": "none",
    "delta.checkpointInterval": "50",
}

RETENTION_HOURS = 6
"""Hours for which a version that is no longer the newest can be read. Every open lists the whole log and every append
does so twice, 1 ms per 1,000 commits each time, and every checkpoint names the files that left within this time."""


def to_retention_properties(hours: int) -> dict[str, str]:
    """Return the retention of a log's commits and of removed files: one length, for a version needs both."""
    return dict.fromkeys(
        ("delta.logRetentionDuration", "delta.deletedFileRetentionDuration"), f"interval {hours} hours"
    )


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its Delta type and what it means (with its unit)."""

    name: str
    type: DeltaType
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """A table: grain, columns, layout. The order of columns is the order on storage.

    ``stats_on`` names the columns whose minimum and maximum go into the log, which is what prunes files.
    """

    name: str
    grain: str
    columns: tuple[Column, ...]
    partition_by: tuple[str, ...] = ()
    sort_by: tuple[str, ...] = ()
    stats_on: tuple[str, ...] = ()
    derived: bool = True
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns in their order."""
        return tuple(column.name for column in self.columns)

    def to_delta_json(self) -> str:
        """Return the schema in the Delta protocol's JSON, read by StructType.fromJson and deltalake alike."""
        fields = [
            {"name": c.name, "type": c.type, "nullable": True, "metadata": {"comment": c.meaning}}
            for c in self.columns
        ]
        return json.dumps({"type": "struct", "fields": fields})

    def to_delta_schema(self) -> DeltaSchema:
        """Return the schema of deltalake."""
        return DeltaSchema.from_json(self.to_delta_json())

    def to_arrow_schema(self) -> pa.Schema:
        """Return the schema of Arrow rows for a writer: UTC microseconds, no large types."""
        return pa.schema([pa.field(c.name, to_arrow_type(c.type)) for c in self.columns])

    def to_properties(self) -> dict[str, str]:
        """Return the properties that the table is created with."""
        properties = BASE_PROPERTIES | to_retention_properties(RETENTION_HOURS)
        if self.stats_on:
            properties["delta.dataSkippingStatsColumns"] = ",".join(self.stats_on)
        return properties | dict(self.properties)


def to_arrow_type(delta_type: DeltaType) -> pa.DataType:
    """Return the Arrow type of a Delta type."""
    if isinstance(delta_type, dict):
        if delta_type["type"] == "array":
            return pa.list_(to_arrow_type(delta_type["elementType"]))
        return pa.struct([pa.field(f["name"], to_arrow_type(f["type"])) for f in delta_type["fields"]])
    if decimal := _DECIMAL.fullmatch(delta_type):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    return _ARROW_TYPES[delta_type]


_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_ARROW_TYPES: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "long": pa.int64(),
    "integer": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
