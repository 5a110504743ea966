"""The command `cryptoviz`: every name leads to a program, and its help imports none of them."""

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from cryptoviz import commands
from cryptoviz.__main__ import main
from cryptoviz.commands import COMMANDS

pytestmark = pytest.mark.lake

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("ccxt", "deltalake", "django", "duckdb", "kafka", "numpy", "pyarrow", "pyspark", "typer")
_HELP = """
import json, sys
from cryptoviz.__main__ import main
try:
    code = main({arguments!r})
except SystemExit as error:
    code = error.code
print(json.dumps([code, sorted({{name.partition(".")[0] for name in sys.modules}})]), file=sys.stderr)
"""


def run_help(*arguments: str) -> tuple[int, set[str], str]:
    """Return (exit code, top-level modules that were imported, stdout) of a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _HELP.format(arguments=list(arguments))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    return code, set(modules), done.stdout


def test_help_lists_every_command_and_imports_no_program() -> None:
    code, modules, text = run_help("--help")
    assert code == 0
    assert [name for name in COMMANDS if f"  {name} " not in text] == []
    assert modules & {*HEAVY, "api", "compaction", "lakehouse", "streaming"} == set()


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_name_leads_to_a_program_with_its_arguments(
    command: commands.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, list[str]]] = []

    def load(module: str) -> SimpleNamespace:
        return SimpleNamespace(main=lambda arguments: started.append((module, arguments)) or 3)

    monkeypatch.setattr(commands.importlib, "import_module", load)
    monkeypatch.setattr(sys, "argv", ["cryptoviz"])

    code = main([command.name, "--an-option", "1"])

    assert code == 3
    assert started == [(command.module, [*command.prefix, "--an-option", "1"])]
    assert sys.argv[1:] == started[0][1]
    assert find_spec(command.module) is not None


@pytest.mark.parametrize(
    "name", ["sql", "table-service", "fsck", "vacuum", "quarantine", "backup", "restore"]
)
def test_help_of_a_maintenance_command_imports_no_engine(name: str) -> None:
    code, modules, text = run_help(name, "--help")
    assert code == 0
    assert "Usage: " in text
    assert modules & {"ccxt", "deltalake", "django", "duckdb", "kafka", "pyarrow", "pyspark"} == set()


@pytest.mark.parametrize("name", ["api", "broker", "collect", "demo", "doctor", "feed", "offline", "topics"])
def test_help_of_a_program_starts_no_jvm_library(name: str) -> None:
    code, modules, text = run_help(name, "--help")
    assert (code, "sage: " in text) == (0, True)
    assert "pyspark" not in modules


def test_unknown_command_is_a_usage_error_with_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vacum"]) == 2
    assert capsys.readouterr().err == "cryptoviz: there is no command vacum; did you mean vacuum?\n"


@pytest.mark.parametrize("name", ["--version", "-V", "version"])
def test_version_is_that_of_the_changelog(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name]) == 0
    newest = re.search(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert capsys.readouterr().out.startswith(f"cryptoviz {newest[1]} (checkout), Python 3.")


def test_command_is_required(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.splitlines()[0]) == ("", "Usage: cryptoviz COMMAND [OPTIONS] ...")
