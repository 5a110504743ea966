"""Exit codes of every program: one table, in the code and in the guide, and the same code for the same cause."""

import re
from pathlib import Path

import pytest

from cryptoviz.commands import COMMANDS
from lakehouse.errors import LakeNotFoundError, LockedError, SettingError
from lakehouse.process import commands
from lakehouse.process.commands import EXIT_CODES, EXIT_USAGE, exit_code_of
from tests.support.python_command import run_python

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
EXAMINES_SETTINGS = {"doctor"}
"""A wrong setting is one of its findings."""
ARGUMENTS = {
    "forecast": ("evaluate", "--prices", "none.csv"),
    "stream": ("run",),
    "ingest": ("run",),
    "analysis": ("run",),
    "collect": ("gaps",),
    "sentiment": ("models",),
    "sql": ("SELECT 1",),
    "backup": ("create", "/nowhere"),
    "restore": ("/nowhere",),
    "broker": ("status",),
    "feed": ("run",),
}


def test_the_guide_has_the_table_of_the_code() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == dict(EXIT_CODES)


def test_every_code_has_a_meaning() -> None:
    constants = vars(commands).items()
    codes = {value for name, value in constants if name.startswith("EXIT_") and isinstance(value, int)}
    assert codes == EXIT_CODES.keys()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingError(variable="CRYPTOVIZ_X", problem="wrong"), 2),
        (LockedError(holder="another"), 75),
        (LakeNotFoundError(what="lake", uri="file:///none"), 1),
    ],
)
def test_an_error_has_its_code(error: Exception, code: int) -> None:
    assert exit_code_of(error) == code


PORT = (
    "CRYPTOVIZ_HTTP_PORT",
    "eighty",
    "CRYPTOVIZ_HTTP_PORT: 'eighty' is not a whole number from 0 to 65535",
)
LAKE = (
    "CRYPTOVIZ_LAKE_URL",
    "/x",
    "CRYPTOVIZ_LAKE_URL: there is no such setting; did you mean CRYPTOVIZ_LAKE_URI?",
)
DATABASE = ("CRYPTOVIZ_DATABASE_URL", "mysql://viz@db/viz", "CRYPTOVIZ_DATABASE_URL: it is not postgresql://")
WORKERS = (
    "CRYPTOVIZ_HTTP_WORKERS",
    "9" * 20,
    f"CRYPTOVIZ_HTTP_WORKERS: '{'9' * 20}' is not a whole number from 1 to 1000",
)
CASES = [
    *(("api", *wrong) for wrong in (DATABASE, WORKERS)),
    *((name, *LAKE) for name in sorted(COMMANDS.keys() - EXAMINES_SETTINGS)),
    *((name, *PORT) for name in ("api", "collect", "sql", "table-service")),
]


@pytest.mark.lake
@pytest.mark.parametrize(("name", "variable", "value", "said"), CASES)
def test_a_wrong_setting_is_named_on_stderr_with_the_same_code_everywhere(
    name: str, variable: str, value: str, said: str
) -> None:
    done = run_python("-m", "cryptoviz", name, *ARGUMENTS.get(name, ()), environ={variable: value})
    assert (done.returncode, done.stdout) == (EXIT_USAGE, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.lake
@pytest.mark.parametrize(
    "arguments", [("manage.py", "check"), ("-m", "api"), ("-m", "streaming.spark.optimize")]
)
def test_programs_beside_the_command_do_so_too(arguments: tuple[str, ...]) -> None:
    done = run_python(*arguments, environ={"CRYPTOVIZ_LAKE_URL": "/x"})
    assert (done.returncode, done.stdout) == (EXIT_USAGE, "")
    assert "did you mean CRYPTOVIZ_LAKE_URI?" in done.stderr
    assert "Traceback" not in done.stderr
