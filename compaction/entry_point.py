"""Entry point shared by the command lines of the table service and of its backups."""

import logging
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from lakehouse.errors import LakehouseError, LockedError
from lakehouse.process import commands
from lakehouse.process.commands import exit_code_of

if TYPE_CHECKING:
    from lakehouse.process.settings import Settings

logger = logging.getLogger("compaction")


def run(app: typer.Typer, arguments: Sequence[str] | None = None, *, prog: str) -> int:
    """Run a command line; an error of the project becomes one log line and an exit code."""
    try:
        return commands.run(app, arguments, prog=prog)
    except LockedError as error:
        logger.warning("nothing was done: %s", error)
        return exit_code_of(error)
    except LakehouseError as error:
        logger.error("%s", error)
        return exit_code_of(error)


def read_settings() -> "Settings":
    """Read the settings and configure logging by them. Imported late, since help needs none of it."""
    from lakehouse.process.log_lines import configure_logging
    from lakehouse.process.settings import Settings

    settings = Settings.from_environ(os.environ)
    configure_logging(settings, sys.stderr)
    return settings
