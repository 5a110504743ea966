"""The metadata on a real PostgreSQL, by one setting: migrations both ways, and the REST's own tests of rows."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
ROW_TESTS = ("tests/api/metadata/test_saved_views.py", "tests/api/accounts/test_tokens.py")
UNPRIVILEGED = "nobody"

pytestmark = pytest.mark.skipif(not PROGRAMS, reason="no PostgreSQL here: apt-get install postgresql")


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="cryptoviz-postgresql-"))
    user = UNPRIVILEGED if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(PROGRAMS[-1].parent / program), "-D", str(folder / "cluster"), *arguments],
            user=user,
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )

    run("initdb", "-U", "viz", "--auth=trust", "--encoding=UTF8", "--locale=C")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories=''"
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://viz@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-w", "-m", "fast", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def run_python(database_url: str, runtime_dir: Path, *arguments: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CRYPTOVIZ_")}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=clean | {"CRYPTOVIZ_DATABASE_URL": database_url, "CRYPTOVIZ_RUNTIME_DIR": str(runtime_dir)},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_migrations_go_forwards_and_backwards(database_url: str, tmp_path: Path) -> None:
    run_python(database_url, tmp_path, "manage.py", "migrate")
    for app in ("metadata", "access", "maintenance"):
        run_python(database_url, tmp_path, "manage.py", "migrate", app, "zero")
    run_python(database_url, tmp_path, "manage.py", "migrate")
    assert not (tmp_path / "metadata.sqlite3").exists()


def test_rows_behave_as_they_do_on_sqlite(database_url: str, tmp_path: Path) -> None:
    run_python(database_url, tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", *ROW_TESTS)
