"""One engine that compacts a table, as a measured process: `python -m benchmarks.compaction_engines ENGINE LAKE`."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from deltalake import DeltaTable

from compaction.live_files import read_live_files
from compaction.rewriting.compact import compact_lake
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import open_table
from lakehouse.schema.tables import GOLD_SENTIMENT

TARGET_BYTES = 128 * 1024 * 1024
SPARK_JARS = Path(".runtime/jars/spark")


def table_of(lake: LakeLocation) -> tuple[LakeLocation, DeltaTable]:
    catalog = Catalog(lake)
    location = catalog.table_location(GOLD_SENTIMENT.name, catalog.current_build())
    return location, open_table(location, GOLD_SENTIMENT)


def _ours(lake: LakeLocation) -> None:
    compact_lake(lake, names=frozenset({GOLD_SENTIMENT.name}), wait_for_late_rows=False)


def _delta_rs_compact(lake: LakeLocation) -> None:
    table_of(lake)[1].optimize.compact(target_size=TARGET_BYTES)


def _delta_rs_z_order(lake: LakeLocation) -> None:
    table_of(lake)[1].optimize.z_order(list(GOLD_SENTIMENT.sort_by), target_size=TARGET_BYTES)


def _spark(lake: LakeLocation, order: str | None) -> None:
    # Imported here: PySpark would cost the other engines memory and a second.
    from streaming.spark.optimize import TARGET_FILE_BYTES_KEY, optimize
    from streaming.spark.session import build_session

    location, table = table_of(lake)
    days = sorted({file.partition[0] for file in read_live_files(table, GOLD_SENTIMENT)})
    spark = build_session(app_name="bench-compaction", master="local[2]", jars_dir=SPARK_JARS)
    spark.conf.set(TARGET_FILE_BYTES_KEY, str(TARGET_BYTES))
    for day in days:
        optimize(spark, uri=location.uri, partition={"event_date": day}, order=order)
    spark.stop()


ENGINES: Mapping[str, Callable[[LakeLocation], None]] = {
    "ours": _ours,
    "delta-rs compact": _delta_rs_compact,
    "delta-rs z_order": _delta_rs_z_order,
    "Spark OPTIMIZE": lambda lake: _spark(lake, None),
    "Spark OPTIMIZE ZORDER": lambda lake: _spark(lake, GOLD_SENTIMENT.sort_by[0]),
}


def main() -> int:
    engine, folder = sys.argv[1:]
    lake = LakeLocation.parse(folder)
    ENGINES[engine](lake)
    _, table = table_of(lake)
    sizes = table.get_add_actions(flatten=True)["size_bytes"].to_pylist()
    print(json.dumps({"n_files": len(sizes), "size_bytes": sum(sizes)}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
