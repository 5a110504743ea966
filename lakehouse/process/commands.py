"""Command lines shared by every program: exit codes, plain help texts, and errors on stderr."""

import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import typer
from typer.exceptions import TyperException

from lakehouse.messages.record_id import RecordId, parse_record_id
from lakehouse.process.outside_text import LINE_BREAK, escape_controls

EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_NEEDS_OPERATOR: Final = 3
EXIT_LOCKED: Final = 75
"""EX_TEMPFAIL. Source: sysexits.h."""
EXIT_INTERRUPTED: Final = 130
_NO_FAILURES: Final[Mapping[type[Exception], int]] = MappingProxyType({})


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
    failures: Mapping[type[Exception], int] = _NO_FAILURES,
) -> int:
    """Run a command line and return its exit code, never raising SystemExit for a wrong argument.

    The code is the integer that the command returned, else 0. A wrong argument is explained on stderr and gives
    EXIT_USAGE; Ctrl-C gives EXIT_INTERRUPTED. One of the ``failures`` is one line on stderr and gives its own code,
    that of the first kind that it is.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = app(given, prog_name=prog, standalone_mode=False)
    except TyperException as error:
        _show(error)
        return EXIT_USAGE
    except typer.Abort:
        return EXIT_INTERRUPTED
    except tuple(failures) as error:
        print_error(prog.replace(".", " ").split()[-1], error)
        return next(code for kind, code in failures.items() if isinstance(error, kind))
    return code if isinstance(code, int) else EXIT_DONE


def print_error(program: str, error: object) -> None:
    """Write an error to stderr; text of strangers in it moves no cursor."""
    print(f"{program}: {escape_controls(str(error), kept=LINE_BREAK)}", file=sys.stderr, flush=True)


def _show(error: TyperException) -> None:
    show = getattr(error, "show", None)  # usage errors have it, and say how the command is used
    if show is not None:
        show()
    else:
        print(error.format_message(), file=sys.stderr)
