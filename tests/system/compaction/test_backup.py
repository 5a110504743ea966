"""Backup and restore by their commands: the API gives the same answers; ingestion goes on from the right position."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.api_process import running_api
from tests.support.feed_lake import build_feed_lake
from tests.support.processes import ROOT
from tests.support.waiting import wait_until
from tests.system.faults.conftest import Traffic, new_rig

QUESTIONS = (
    "/api/v1/actifs",
    "/api/v1/sentiment/btc/historique?date_debut=2026-01-05&date_fin=2026-01-08&intervalle=1h",
    "/api/v1/prix/eth/historique?date_debut=2026-01-05&date_fin=2026-01-08&intervalle=5m",
    "/api/v1/prix/btc/historique?date_debut=2026-01-06&date_fin=2026-01-07&intervalle=brut&limite=500",
    "/api/v1/prediction/btc/historique?date_debut=2026-01-05&date_fin=2026-01-08",
)


def run(*arguments: str, runtime: Path, lake: Path) -> str:
    environ = os.environ | {"CRYPTOVIZ_RUNTIME_DIR": str(runtime), "CRYPTOVIZ_LAKE_URI": str(lake)}
    done = subprocess.run(
        [sys.executable, "-m", "compaction.backup", *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def answers(lake: Path, runtime: Path, *, cursor_of: str | None = None) -> tuple[list[Any], str]:
    """Return the API's answers without what depends on the time of the request, and the URL of a next page.

    ``cursor_of`` is such a URL: its page is the last answer.
    """
    with running_api(lake=lake, runtime_dir=runtime) as server:
        found = [server.get(question) for question in QUESTIONS]
        next_page = next(document["suivant"] for *_, document in found if document.get("suivant"))
        found.append(server.get(cursor_of or next_page))
    assert {status for status, *_ in found} == {200}
    documents = [document for *_, document in found]
    for document in documents:
        for table in document.get("snapshot", ()):
            del table["freshness"]
        document.pop("suivant", None)
    return documents, next_page


def test_restored_lake_gives_the_same_answers_and_old_cursors_go_on(tmp_path: Path) -> None:
    build_feed_lake(tmp_path / "lake")
    before, next_page = answers(tmp_path / "lake", tmp_path / "runtime")
    made = run("create", str(tmp_path / "backups"), runtime=tmp_path / "runtime", lake=tmp_path / "lake")
    backup = made.partition(":")[0]
    shutil.rmtree(tmp_path / "lake")
    shutil.rmtree(tmp_path / "runtime")

    assert "nothing was changed" in run(
        "restore", backup, runtime=tmp_path / "again", lake=tmp_path / "other" / "lake"
    )
    run("restore", backup, "--yes", runtime=tmp_path / "again", lake=tmp_path / "other" / "lake")

    after, _ = answers(tmp_path / "other" / "lake", tmp_path / "again", cursor_of=next_page)
    assert after == before
    assert len(before[1]["points"]) > 50


def test_stream_whose_disk_was_lost_goes_on_from_its_backup_and_accounts_for_every_record_once(
    tmp_path: Path,
) -> None:
    """Taken while Kafka, producer, ingestion and analysis run; then lake and checkpoints are gone."""
    with new_rig(tmp_path, tmp_path / "lake", with_analysis=True) as rig:
        traffic = Traffic(rig.broker.bootstrap, seed=20261127)
        traffic.start()
        rig.start()
        wait_until(lambda: rig.n_accounted() > 500, "ingestion to take in rows")
        wait_until(lambda: any((tmp_path / "analysis").rglob("commits/1")), "the analysis to finish batches")
        made = run(
            "create",
            str(tmp_path / "backups"),
            "--also",
            "analysis",
            runtime=tmp_path,
            lake=tmp_path / "lake",
        )
        n_then = rig.n_accounted()
        wait_until(lambda: rig.n_accounted() > n_then + 300, "rows after the backup")
        rig.kill()
        shutil.rmtree(tmp_path / "lake")
        shutil.rmtree(tmp_path / "analysis")
        shutil.rmtree(tmp_path / "checkpoints")
        (tmp_path / "secret_key").unlink(missing_ok=True)

        run("restore", made.partition(":")[0], "--yes", runtime=tmp_path, lake=tmp_path / "lake")
        assert 0 < rig.n_accounted() <= n_then
        n_chars = len(rig.log_text())
        rig.start()
        for line in (" gold=", "sentiment batch="):
            wait_until(
                lambda line=line: line in rig.log_text()[n_chars:], f"a batch after the restore:{line}"
            )
        traffic.stop()
        assert rig.stop() == 0
        # The analysis publishes for as long as it runs: from now on Kafka holds all there will be.
        rig.with_analysis = False
        rig.start()
        rig.finish()
        assert "interrupted" not in rig.log_text()[n_chars:]
