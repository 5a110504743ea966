"""`manage.py` in a process of its own, on the metadata of a runtime folder."""

from pathlib import Path

from tests.support.python_command import run_python


def manage(runtime_dir: Path, *arguments: str) -> str:
    """Return what it prints; fail the test where it fails."""
    ended = run_python("manage.py", *arguments, environ={"CRYPTOVIZ_RUNTIME_DIR": str(runtime_dir)})
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def run_code(runtime_dir: Path, code: str) -> str:
    """Return what a program prints that runs after Django's set-up."""
    return manage(runtime_dir, "shell", "--no-imports", "-c", code)
