"""Command lines of the Spark services: shared options, settings, logging, and the exit code of a run."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.errors import LakehouseError, SettingError
from lakehouse.process.commands import EXIT_NEEDS_OPERATOR, exit_code_of, new_app, print_error, run
from lakehouse.process.log_lines import configure_logging
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import run_until_stopped
from streaming.errors import CompactedTopicError, DataLossError, SparkLostError, StreamingError, to_one_line

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LakeOption = Annotated[
    str,
    typer.Option(
        "--lake",
        metavar="URI",
        show_default=False,
        help="path or URI of the lake; default: CRYPTOVIZ_LAKE_URI, else lake in CRYPTOVIZ_RUNTIME_DIR",
    ),
]
MasterOption = Annotated[
    str, typer.Option("--master", metavar="URL", show_default=False, help="Spark master; default: see below")
]
MemoryOption = Annotated[str, typer.Option("--driver-memory", metavar="SIZE", help="memory of Spark's JVM")]
JarsOption = Annotated[
    Path, typer.Option("--jars", metavar="DIR", show_default=False, help="folder of Spark's extra jars")
]

DEFAULT_MASTER = "local[2]"

FAILURES: tuple[type[Exception], ...] = (StreamingError, LakehouseError)
"""Errors that a command line catches."""
JVM_END_SECONDS = 3.0

logger = logging.getLogger("streaming")


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkOptions:
    """The Spark session of a command, as its options and the settings say."""

    master: str
    driver_memory: str
    jars: Path

    @classmethod
    def of_command(
        cls,
        settings: Settings,
        *,
        master: str,
        driver_memory: str,
        jars: Path,
        default_master: str = DEFAULT_MASTER,
    ) -> SparkOptions:
        """Return the options of a command line; an empty master is that of the settings, else the default."""
        chosen = master or settings.spark_master or default_master
        return cls(master=chosen, driver_memory=driver_memory, jars=jars)

    def start(self, *, app_name: str) -> SparkSession:
        """Start the session. Raises: SparkSettingsError, JavaNotFoundError."""
        from streaming.spark.session import build_session

        return build_session(
            app_name=app_name, master=self.master, jars_dir=self.jars, driver_memory=self.driver_memory
        )


def new_spark_app(description: str, *, epilog: str) -> typer.Typer:
    """Return an application without commands, whose option --lake comes before the command."""
    app = new_app(description, epilog=epilog)

    @app.callback()
    def keep_lake(context: typer.Context, lake: LakeOption = "") -> None:
        context.obj = lake

    return app


def master_epilog(default_master: str = DEFAULT_MASTER) -> str:
    """Return the line of a command's help that says where its Spark master comes from."""
    return f"Spark master: --master, else CRYPTOVIZ_SPARK_MASTER, else {default_master}."


def run_spark_app(
    app: typer.Typer, arguments: Sequence[str] | None = None, *, prog: str, program: str
) -> int:
    """Run a command line and return its exit code; an error is one line on stderr, by the name of the program."""
    try:
        return run(app, arguments, prog=prog)
    except (DataLossError, CompactedTopicError) as error:
        print_error(program, f"stopped: {error}")
        return EXIT_NEEDS_OPERATOR
    except (StreamingError, LakehouseError) as error:
        print_error(program, str(error) if isinstance(error, SettingError) else to_one_line(error))
        return exit_code_of(error)


def start_command(context: typer.Context) -> Settings:
    """Return the settings of the environment with the lake that --lake names; log by them to stdout from now on.

    Raises: SettingError.
    """
    settings = Settings.from_environ(os.environ).with_lake(context.obj)
    log_to_stdout(settings)
    return settings


def run_service(module: str, service: Callable[[threading.Event], None]) -> int:
    """Run a Spark service until a signal asks to stop; where its JVM ends, this process begins anew."""

    def work(stopping: threading.Event) -> int:
        service(stopping)
        return 0

    try:
        return run_until_stopped(work, clean_up=end_jvm)
    except SparkLostError as error:
        logger.warning("%s; starting again from the tables' positions and the checkpoints", error)
        os.execv(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]])


def end_jvm() -> None:
    """End the JVM that PySpark has started, by force where it does not end soon: it may wait for a Spark master."""
    context = sys.modules.get("pyspark.core.context")  # not imported here: another thread may be at it
    gateway = getattr(getattr(context, "SparkContext", None), "_gateway", None)
    process: subprocess.Popen[bytes] | None = getattr(gateway, "proc", None)
    if process is None:
        return
    if process.stdin is not None:
        process.stdin.close()  # the JVM ends at the end of its input
    try:
        process.wait(JVM_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def log_to_stdout(settings: Settings) -> None:
    """Write one line an event to stdout, without the lines of client libraries."""
    configure_logging(settings, sys.stdout)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    logging.getLogger("py4j").setLevel(logging.WARNING)
    logging.getLogger().addFilter(_is_not_of_py4j)


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    """Return whether a record of the root logger is not py4j's, which logs with a trace what it then raises."""
    return "py4j" not in record.pathname
