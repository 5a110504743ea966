"""Several processes that write the metadata at once: none is refused for it, and no change is lost."""

import subprocess
import sys
from pathlib import Path

from tests.support.manage_command import manage, run_code
from tests.support.processes import ROOT
from tests.support.profiles import sized

N_PROCESSES, N_CHANGES = 4, sized(quick=10, full=15, soak=200)
# Each adds one to a row, rereading under its version where another was faster, as a client of the API would.
WRITER = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "api.config.settings"
import django
django.setup()
from django.contrib.auth import get_user_model
from django.test import Client
client = Client()
client.force_login(get_user_model().objects.get(username="staff"))
n_stale = 0
for _ in range(int(sys.argv[1])):
    while True:
        row = client.get("/api/v1/catalogue/actifs/btc")
        answer = client.patch(
            "/api/v1/catalogue/actifs/btc",
            {"display_order": row.json()["display_order"] + 1},
            content_type="application/json",
            headers={"If-Match": row["ETag"]},
        )
        if answer.status_code == 200:
            break
        assert answer.status_code == 412, answer.content
        n_stale += 1
print(n_stale)
"""
READ = (
    "from django.db import connection as c; from api.metadata.models import Asset; "
    "a = Asset.objects.get(pk='btc'); k = c.cursor(); "
    "print(a.display_order, a.version, k.execute('PRAGMA journal_mode').fetchone()[0], "
    "k.execute('PRAGMA busy_timeout').fetchone()[0])"
)


def test_no_change_of_several_processes_is_lost(tmp_path: Path) -> None:
    manage(tmp_path, "migrate")
    make = "from django.contrib.auth.models import User; User.objects.create_superuser('staff')"
    run_code(tmp_path, make)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(N_CHANGES)],
            cwd=ROOT,
            env={"CRYPTOVIZ_RUNTIME_DIR": str(tmp_path), "PATH": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(N_PROCESSES)
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors[-2000:]
    n_changes = N_PROCESSES * N_CHANGES
    assert run_code(tmp_path, READ).split() == [
        str(10 + n_changes),
        str(1 + n_changes),
        "wal",
        "10000",
    ]
