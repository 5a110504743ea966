"""Entry point shared by the command lines of the table service and of its backups."""

import logging
from collections.abc import Sequence

import typer

from lakehouse.errors import LakehouseError, LockedError
from lakehouse.process import commands
from lakehouse.process.commands import EXIT_FAILED, EXIT_LOCKED

logger = logging.getLogger("compaction")


def run(app: typer.Typer, arguments: Sequence[str] | None, *, prog: str) -> int:
    """Run a command line; an error of the project becomes one log line and an exit code."""
    try:
        return commands.run(app, arguments, prog=prog)
    except LockedError as error:
        configure_logging()
        logger.warning("nothing was done: %s", error)
        return EXIT_LOCKED
    except LakehouseError as error:
        configure_logging()
        logger.error("%s", error)
        return EXIT_FAILED


def configure_logging() -> None:
    """Configure logging from the settings. Imported late, since help needs none of it. Idempotent."""
    from lakehouse.process import log_lines

    log_lines.configure_logging()
