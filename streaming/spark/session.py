"""Spark session of every stream and batch job: its settings, each with its reason."""

from __future__ import annotations

import logging
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.accumulators import AccumulatorTCPServer, AccumulatorUnixServer
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from streaming.errors import SparkLostError, SparkSettingsError, to_one_line
from streaming.jars.fetching import OWN_JAR
from streaming.jars.folder import INSTALL_HINT, ROOT
from streaming.spark.class_archives import archive_options, own_jars, spark_archive
from streaming.spark.java import find_jdk

logger = logging.getLogger(__name__)

LOG_STORE_KEY = "spark.delta.logStore.file.impl"
HARD_LINK_LOG_STORE = "cryptoviz.delta.HardLinkLogStore"
# Two cores shared with the broker: the second compiler and parallel collection cost a live stream half its CPU
# (43 s against 24 s a minute at 500 msg/s) and gain it nothing.
LOCAL_JVM_OPTIONS = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"


@dataclass(frozen=True, slots=True)
class SparkSetting:
    """Setting of Spark and the reason for its value."""

    key: str
    value: str
    reason: str


SETTINGS = (
    SparkSetting(
        LOG_STORE_KEY, HARD_LINK_LOG_STORE, "a commit on a local file system never overwrites another"
    ),
    SparkSetting(
        "spark.hadoop.fs.file.impl", "cryptoviz.delta.PlainLocalFileSystem", "no `.crc` files in the tables"
    ),
    SparkSetting(
        "spark.hadoop.fs.AbstractFileSystem.file.impl",
        "cryptoviz.delta.PlainLocalFileSystem$Context",
        "no process started for each commit of a stream: 0.5 ms instead of 40",
    ),
    SparkSetting("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension", "Delta's SQL"),
    SparkSetting(
        "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog", "Delta's SQL"
    ),
    SparkSetting(
        "spark.databricks.delta.snapshotPartitions", "2", "50 by default: seconds per batch on two cores"
    ),
    SparkSetting("spark.sql.shuffle.partitions", "2", "200 by default: empty tasks"),
    SparkSetting(
        "spark.databricks.delta.autoCompact.enabled", "false", "it compacts inside the batch, for 8-14 s"
    ),
    SparkSetting(
        "spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS", "INT96 has no statistics to prune by"
    ),
    SparkSetting("spark.sql.parquet.compression.codec", "zstd", "the codec of delta-rs too"),
    SparkSetting("spark.sql.session.timeZone", "UTC", "days are UTC days"),
    SparkSetting(
        "spark.sql.execution.arrow.pyspark.enabled", "true", "rows reach Python as Arrow, not pickled"
    ),
    SparkSetting("spark.driver.bindAddress", "127.0.0.1", "nothing listens beyond this machine"),
    SparkSetting("spark.driver.host", "127.0.0.1", "nothing listens beyond this machine"),
    SparkSetting("spark.ui.enabled", "false", "a port and a second of start-up that nobody uses"),
    SparkSetting("spark.ui.showConsoleProgress", "false", "a progress bar is no log line"),
    SparkSetting("spark.log.level", "ERROR", "our own log has one line per batch; the rest is noise"),
)


def assert_jvm_runs(session: SparkSession) -> None:
    """Raise SparkLostError where the JVM that this process started for the session has ended."""
    process = getattr(session.sparkContext._gateway, "proc", None)
    if process is not None and process.poll() is not None:
        raise SparkLostError(process.returncode)


def build_session(
    *,
    app_name: str,
    master: str,
    jars_dir: Path,
    driver_memory: str = "1g",
    overrides: Mapping[str, str] | None = None,
) -> SparkSession:
    """Return a session with `SETTINGS`, whose Delta commits on a local file system cannot overwrite another process's.

    `overrides` replace `SETTINGS`: a cluster needs another `spark.driver.host`, a large batch more shuffle partitions.
    A local master reads the jars of `jars_dir` in place; any other one also sends them to its executors.

    Raises: SparkSettingsError when our jar is missing, the master does not answer, or this process already has a
    session with another LogStore; JavaNotFoundError.
    """
    jars = [str(jar) for jar in own_jars(jars_dir)]
    if not any(jar.endswith(OWN_JAR) for jar in jars):
        raise SparkSettingsError(f"{OWN_JAR} is not in {jars_dir}: {INSTALL_HINT}")
    is_local = master == "local" or master.startswith("local[")
    _prepare_environment(is_local=is_local)
    settings = {setting.key: setting.value for setting in SETTINGS}
    if master.startswith("local"):
        settings["spark.driver.extraJavaOptions"] = _local_jvm_options(jars)
    settings |= {"spark.driver.memory": driver_memory, "spark.driver.extraClassPath": os.pathsep.join(jars)}
    if not is_local:
        settings["spark.jars"] = ",".join(jars)
    settings |= dict(overrides or {})
    conf = SparkConf(loadDefaults=False).setAppName(app_name).setMaster(master).setAll(list(settings.items()))
    try:
        _start_jvm(conf)
        session = SparkSession.builder.config(conf=conf).getOrCreate()
    except (Py4JError, PySparkException) as error:
        raise SparkSettingsError(f"Spark does not start on master {master}: {to_one_line(error)}") from error
    # A process keeps the static settings of its first session, without a warning.
    log_store = session.sparkContext.getConf().get(LOG_STORE_KEY)
    if log_store != settings[LOG_STORE_KEY]:
        raise SparkSettingsError(f"this process already has a session with {LOG_STORE_KEY}={log_store}")
    return session


def log_lost_connection(_: Any, __: Any, client_address: Any) -> None:
    """Log that the JVM closed a connection of accumulators, as one that ends does; Python would print a traceback."""
    logger.debug("connection of accumulators lost client=%s", client_address, exc_info=True)


def _start_jvm(conf: SparkConf) -> None:
    """Start the JVM of this process in a process group of its own, unless it runs.

    A signal to the group of the program then reaches Python alone, which ends its queries before the JVM. A JVM that
    gets it too shuts down under running tasks and prints their exceptions. It still ends with Python: its input closes.
    """
    if SparkContext._gateway is None:
        for server in (AccumulatorTCPServer, AccumulatorUnixServer):
            server.handle_error = log_lost_connection  # type: ignore[method-assign, assignment]
        gateway = launch_gateway(conf, {"process_group": 0})  # type: ignore[no-untyped-call]
        SparkContext._ensure_initialized(gateway=gateway)


def _local_jvm_options(jars: Sequence[str]) -> str:
    archive = spark_archive(find_jdk(), map(Path, jars))
    return f"{LOCAL_JVM_OPTIONS} {shlex.join(archive_options(archive))}".rstrip()


def _prepare_environment(*, is_local: bool) -> None:
    os.environ.setdefault("JAVA_HOME", str(find_jdk().home))
    # Otherwise Spark's workers run the first python3 of the PATH, without our packages.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # They import our modules from wherever this process was started.
    paths = [str(ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    if is_local:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
