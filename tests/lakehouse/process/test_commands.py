"""Command lines: codes of the commands, usage errors on stderr, help as it was written."""

from typing import Annotated

import pytest
import typer

from lakehouse.process.commands import new_app, run, single_command

PROG = "python -m example"


def example() -> typer.Typer:
    app = new_app(
        "Does examples.\n\nexamples:\n  python -m example do", epilog="Exit codes: 0 done,\n3 operator."
    )

    @app.command(name="do")
    def do(number: Annotated[int, typer.Option(help="what is returned")] = 0) -> int:
        """Return a number."""
        return number

    @app.command()
    def interrupt() -> int:
        raise KeyboardInterrupt

    @app.command()
    def nothing() -> None:
        pass

    return app


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["do"], 0),
        (["do", "--number", "3"], 3),
        (["nothing"], 0),
        (["interrupt"], 130),
        (["do", "--number", "three"], 2),
        (["do", "--numbr", "3"], 2),
        (["bogus"], 2),
        ([], 2),
        (["--help"], 0),
        (["do", "-h"], 0),
    ],
)
def test_run_returns_the_code_of_the_command(arguments: list[str], code: int) -> None:
    assert run(example(), arguments, prog=PROG) == code


def test_wrong_argument_is_explained_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    run(example(), ["do", "--number", "three"], prog=PROG)

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Usage: python -m example do" in captured.err
    assert "--number" in captured.err


def test_help_keeps_line_breaks_and_names_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    run(example(), ["--help"], prog=PROG)

    text = capsys.readouterr().out
    assert "Usage: python -m example [OPTIONS] COMMAND" in text
    assert "  examples:\n    python -m example do\n" in text
    assert "  Exit codes: 0 done,\n  3 operator." in text


def test_error_of_a_command_passes_through() -> None:
    def fail() -> int:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        run(single_command(fail, description="Fails."), [], prog=PROG)


def test_single_command_takes_its_options_without_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    def double(number: Annotated[int, typer.Option()]) -> int:
        return 2 * number

    app = single_command(double, description="Doubles.")

    assert run(app, ["--number", "21"], prog=PROG) == 42
    assert run(app, ["--help"], prog=PROG) == 0
    assert "Doubles." in capsys.readouterr().out
