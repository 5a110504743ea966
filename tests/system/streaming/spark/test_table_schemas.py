"""One definition of a table, read as the same columns and types by both engines."""

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import ensure_table
from lakehouse.schema.tables import TABLES


@pytest.mark.parametrize("name", sorted(TABLES))
def test_spark_reads_the_columns_and_types_of_the_definition(
    name: str, spark: SparkSession, tmp_path: Path
) -> None:
    location = LakeLocation.parse(str(tmp_path / name))
    ensure_table(location, TABLES[name])

    found = spark.read.format("delta").load(location.uri).schema

    defined = StructType.fromJson(json.loads(TABLES[name].to_delta_json()))
    assert [(field.name, field.dataType) for field in found] == [
        (field.name, field.dataType) for field in defined
    ]
