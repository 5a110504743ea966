"""Command lines shared by every program: exit codes, plain help texts, and errors on stderr."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import typer
from typer.exceptions import TyperException

from lakehouse.errors import LockedError, SettingError
from lakehouse.messages.record_id import RecordId, parse_record_id
from lakehouse.process.outside_text import LINE_BREAK, escape_controls
from lakehouse.process.private_files import restrict_new_files

EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_NEEDS_OPERATOR: Final = 3
EXIT_LOCKED: Final = 75
"""EX_TEMPFAIL. Source: sysexits.h."""
EXIT_INTERRUPTED: Final = 130
EXIT_CODES: Final[Mapping[int, str]] = {
    EXIT_DONE: "done, or stopped as asked by SIGTERM, SIGINT or SIGHUP",
    EXIT_FAILED: "it failed, or the doctor found something wrong; the last line on stderr says why",
    EXIT_USAGE: "an option or a setting is wrong; stderr names it, what was wrong and what is accepted",
    EXIT_NEEDS_OPERATOR: "an operator has to decide: offsets are lost, files are damaged, or no broker runs",
    EXIT_LOCKED: "another run of the table service is at work; nothing was done",
    EXIT_INTERRUPTED: "ended by Ctrl-C before it could stop; 128 plus the number for another second signal",
}
"""Meaning of the exit code of every program; docs/operations.md has this table."""


def new_app(description: str, *, epilog: str = "") -> typer.Typer:
    """Return an application without commands; its help shows both texts with the line breaks that they have.

    A single command keeps its name, as in `python -m streaming run`.
    """
    app = typer.Typer(
        help=preformatted(description),
        epilog=preformatted(epilog) or None,
        add_completion=False,
        no_args_is_help=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain text: importing rich takes longer than most of our help texts
        context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
    )

    @app.callback()
    def keep_command_names() -> None:
        pass

    return app


def single_command(command: Callable[..., int], *, description: str, epilog: str = "") -> typer.Typer:
    """Return an application that is one command, without a name of its own."""
    app = new_app(description, epilog=epilog)
    app.registered_callback = None
    app.command(help=preformatted(description), epilog=preformatted(epilog) or None)(command)
    return app


def to_record_id(text: str) -> RecordId:
    """Parse an argument that names a Kafka record. Raises: typer.BadParameter, a usage error, for another text."""
    record_id = parse_record_id(text)
    if record_id is None:
        raise typer.BadParameter(f"{text} is not TOPIC_ID/PARTITION/OFFSET")
    return record_id


def preformatted(text: str) -> str:
    """Return a help text whose paragraphs are not wrapped again."""
    return "\n\n".join(f"\b\n{paragraph}" for paragraph in text.strip().split("\n\n") if paragraph)


def run(
    app: typer.Typer,
    arguments: Sequence[str] | None = None,
    *,
    prog: str,
    failures: tuple[type[Exception], ...] = (),
) -> int:
    """Run a command line and return its exit code, never raising SystemExit for a wrong argument.

    The code is the integer that the command returned, else 0. A wrong argument or setting is explained on stderr and
    gives EXIT_USAGE; Ctrl-C gives EXIT_INTERRUPTED. One of the ``failures`` is one line on stderr, too. Files that a
    process makes from its own arguments are its user's alone.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if arguments is None:
        restrict_new_files(os.environ)
    expected: tuple[type[Exception], ...] = (SettingError, *failures)
    try:
        code = app(given, prog_name=prog, standalone_mode=False)
    except TyperException as error:
        _show(error)
        return EXIT_USAGE
    except typer.Abort:
        return EXIT_INTERRUPTED
    except expected as error:
        print_error(prog.replace(".", " ").split()[-1], error)
        return exit_code_of(error)
    return code if isinstance(code, int) else EXIT_DONE


def exit_code_of(error: Exception) -> int:
    """Return the exit code for an error that ends a program."""
    if isinstance(error, SettingError):
        return EXIT_USAGE
    return EXIT_LOCKED if isinstance(error, LockedError) else EXIT_FAILED


def print_error(program: str, error: object) -> None:
    """Write an error to stderr; text of strangers in it moves no cursor."""
    print(f"{program}: {escape_controls(str(error), kept=LINE_BREAK)}", file=sys.stderr, flush=True)


def _show(error: TyperException) -> None:
    show = getattr(error, "show", None)  # usage errors have it, and say how the command is used
    if show is not None:
        show()
    else:
        print(error.format_message(), file=sys.stderr)
