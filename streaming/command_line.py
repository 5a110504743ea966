"""What the command lines of the Spark services share: exit codes, logging, the lake, the options of the session."""

import argparse
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.delta.storage import LakeLocation
from lakehouse.process.log_lines import configure_logging
from lakehouse.process.metrics import serve_metrics
from lakehouse.process.settings import Settings
from streaming.spark.session import build_session

EXIT_FAILED = 1
EXIT_NEEDS_OPERATOR = 3


def log_to_stdout() -> None:
    """One line an event; the clients' own chatter is left out."""
    configure_logging(sys.stdout)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    logging.getLogger("py4j").setLevel(logging.WARNING)


def serve_own_metrics(process: str) -> None:
    """Where CRYPTOVIZ_METRICS says so. Raises SettingError."""
    serve_metrics(process, Settings.from_environ(os.environ).metrics_addresses())


def add_lake_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lake", default=os.environ.get("CRYPTOVIZ_LAKE_URI", ".runtime/lake"), help="path or URI"
    )


def lake_of(options: argparse.Namespace) -> LakeLocation:
    """The lake that the options name, with the storage options of the environment. Raises SettingError."""
    return replace(Settings.from_environ(os.environ), lake_uri=options.lake).lake_location()


def add_spark_options(parser: argparse.ArgumentParser, *, master: str = "local[2]") -> None:
    """``master`` is the default where the environment names none."""
    parser.add_argument(
        "--master",
        default=os.environ.get("CRYPTOVIZ_SPARK_MASTER") or master,
        help="Spark master (default %(default)s)",
    )
    parser.add_argument("--driver-memory", default="1g")
    parser.add_argument(
        "--jars", type=Path, default=Path(".runtime/jars/spark"), help="folder of Spark's extra jars"
    )


def session(options: argparse.Namespace, *, app_name: str) -> SparkSession:
    return build_session(
        app_name=app_name, master=options.master, jars_dir=options.jars, driver_memory=options.driver_memory
    )
