"""Backups during ingestion: created, damaged, cut off and restored; every record is there again, once."""

import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from compaction.backup.__main__ import main
from compaction.backup.create import create_backup
from compaction.backup.manifest import (
    MANIFEST,
    METADATA,
    PRIVATE,
    SECRET_KEY,
    Manifest,
    find_backups,
    find_problems,
    to_file,
)
from compaction.backup.restore import restore_backup
from compaction.errors import BackupError
from compaction.fsck.lake_check import check_lake
from compaction.rewriting.compact import compact_lake
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.errors import LakeNotFoundError, LockedError
from lakehouse.lake import Lake
from lakehouse.maintenance.lock import held_lock, lock_path
from lakehouse.messages.records import RECORD_SCHEMA
from lakehouse.process.settings import Settings
from streaming.ingest.batch import BatchIngestor
from tests.support.messages import sentiment, to_bytes
from tests.support.record_accounting import read_table

TOPIC, TOPIC_ID = "analyzed-sentiment", "id-1"
KEY = TopicPartition(TOPIC_ID, 0)
START = datetime(2026, 11, 1, tzinfo=UTC)
N_RECORDS, N_IN_BATCH = 60, 5
NAMES = ("bronze", "gold_sentiment", "quarantine", "duplicates")


def value_at(offset: int) -> bytes:
    """Return every seventh as invalid, every fifth as a duplicate of the first."""
    if offset % 7 == 6:
        return b"{"
    number = 0 if offset % 5 == 4 else offset
    return to_bytes(sentiment(START + timedelta(minutes=number), key=str(number)))


def records(start: int, end: int) -> pa.Table:
    rows = [
        {
            "topic": TOPIC,
            "topic_id": TOPIC_ID,
            "kafka_partition": 0,
            "kafka_offset": offset,
            "broker_time": START + timedelta(hours=1, seconds=offset),
            "key": b"btc",
            "value": value_at(offset),
            "headers": [],
        }
        for offset in range(start, end)
    ]
    return pa.Table.from_pylist(rows, schema=RECORD_SCHEMA)


class Ingestion:
    """Ingestion without Spark, from the position of the tables, in batches up to the end."""

    def __init__(self, settings: Settings) -> None:
        catalog = Catalog(settings.lake_location())
        build = catalog.ensure_build()
        catalog.register_topic(topic=TOPIC, topic_id=TOPIC_ID)
        self.ingestor = BatchIngestor(catalog, build, {TOPIC: TOPIC_ID})
        self.ingestor.register({KEY: 0})

    def go_on(self, *, to: int = N_RECORDS, after_each: Callable[[], None] = lambda: None) -> None:
        for start in range(self.ingestor.position[KEY], to, N_IN_BATCH):
            end = min(start + N_IN_BATCH, to)
            self.ingestor.ingest(records(start, end), {KEY: end})
            self.ingestor.flush()
            after_each()


def settings_in(folder: Path) -> Settings:
    return Settings(runtime_dir=str(folder), lake_uri=str(folder / "lake"))


def contents(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of every table that ingestion writes, without their ingest time."""
    location = settings.lake_location()
    return {
        name: sorted(
            tuple(map(str, row.values()))
            for row in read_table(location, name).drop_columns(["ingest_time"]).to_pylist()
        )
        for name in NAMES
    }


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """Lake with the first half of the records."""
    settings = settings_in(tmp_path / "here")
    Ingestion(settings).go_on(to=N_RECORDS // 2)
    return settings


def test_backup_taken_while_ingestion_writes_goes_on_where_it_was_and_ends_in_the_same(
    here: Settings, tmp_path: Path
) -> None:
    begun, ingestion = threading.Event(), Ingestion(here)
    writer = threading.Thread(target=lambda: ingestion.go_on(after_each=begun.set))
    writer.start()
    begun.wait()
    folder, manifest = create_backup(here, tmp_path / "backups")
    writer.join()

    there = settings_in(tmp_path / "there")
    restore_backup(there, folder, dry_run=False)
    restored = Ingestion(there)
    position = restored.ingestor.position[KEY]
    assert N_RECORDS // 2 < position <= N_RECORDS
    assert position == min(manifest.positions[name][TOPIC_ID][0] for name in NAMES)
    restored.go_on()

    assert contents(there) == contents(here)
    assert [found for found in check_lake(there.lake_location(), is_deep=True) if not found.is_harmless] == []


def test_restored_lake_stands_where_each_table_was_pinned(here: Settings, tmp_path: Path) -> None:
    folder, manifest = create_backup(here, tmp_path / "backups")
    before = contents(here)
    Ingestion(here).go_on()

    there = settings_in(tmp_path / "there")
    restore_backup(there, folder, dry_run=False)

    lake = Lake(there.lake_location())
    assert {name: lake.snapshot(name)[name].version for name in manifest.versions} == manifest.versions
    assert contents(there) == before


def test_rollups_are_never_ahead_of_gold(here: Settings, tmp_path: Path) -> None:
    refresh_rollups(Lake(here.lake_location()))
    _, manifest = create_backup(here, tmp_path / "backups")
    gold = manifest.positions["gold_sentiment"][TOPIC_ID][0]
    rollups = [name for name in manifest.versions if name.startswith("gold_sentiment_")]
    assert rollups
    assert all(manifest.positions[name][TOPIC_ID][0] <= gold for name in rollups)


def test_compacted_lake_without_its_old_files_is_backed_up_as_it_stands(
    here: Settings, tmp_path: Path
) -> None:
    compact_lake(here.lake_location(), wait_for_late_rows=False)
    folder, _ = create_backup(here, tmp_path / "backups")
    there = settings_in(tmp_path / "there")
    restore_backup(there, folder, dry_run=False)
    assert contents(there) == contents(here)


def test_second_backup_links_what_the_first_has(here: Settings, tmp_path: Path) -> None:
    first, _ = create_backup(here, tmp_path / "backups")
    Ingestion(here).go_on()
    second, manifest = create_backup(here, tmp_path / "backups")
    shared = [
        path
        for path in manifest.files
        if path.endswith(".parquet") and (first / path).exists() and (first / path).samefile(second / path)
    ]
    assert shared
    shutil.rmtree(first)
    assert list(find_problems(second, manifest)) == []


def test_metadata_key_and_folders_come_along(here: Settings, tmp_path: Path) -> None:
    runtime = Path(here.runtime_dir)
    with closing(sqlite3.connect(runtime / "metadata.sqlite3")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE views (name TEXT)")
        database.execute("INSERT INTO views VALUES ('mine')")
        database.commit()
        here.signing_key()
        for name in ("checkpoints/analysis/q/commits/3", "collect/raw-news/state.json", "more/x"):
            (runtime / name).parent.mkdir(parents=True)
            (runtime / name).write_text(name)
        folder, _ = create_backup(here, tmp_path / "backups", also=["more"])
    there = settings_in(tmp_path / "there")
    restore_backup(there, folder, dry_run=False)
    with closing(sqlite3.connect(tmp_path / "there" / "metadata.sqlite3")) as database:
        assert database.execute("SELECT name FROM views").fetchall() == [("mine",)]
    assert there.signing_key() == here.signing_key()
    assert (tmp_path / "there" / "secret_key").stat().st_mode & 0o777 == 0o600
    for name in ("checkpoints/analysis/q/commits/3", "collect/raw-news/state.json", "more/x"):
        assert (tmp_path / "there" / name).read_text() == name


def test_postgresql_and_a_key_of_the_environment_are_said_to_be_lacking(
    here: Settings, tmp_path: Path
) -> None:
    elsewhere = here.model_copy(update={"database_url": "postgresql://u:p@h/n", "secret_key": "k" * 50})
    _, manifest = create_backup(elsewhere, tmp_path / "backups")
    assert [lacking.partition(":")[0] for lacking in manifest.without] == ["metadata", "the secret key"]


def damage_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [Path.unlink, damage_byte, lambda path: path.write_bytes(b"")])
def test_damaged_backup_is_found_and_not_restored(
    here: Settings, tmp_path: Path, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, manifest = create_backup(here, tmp_path / "backups")
    victim = next(path for path in manifest.files if path.endswith(".parquet"))
    damage(folder / victim)

    assert main(["check", str(folder)]) == 3
    assert victim in capsys.readouterr().out
    there = settings_in(tmp_path / "there")
    with pytest.raises(BackupError, match="damaged"):
        restore_backup(there, folder, dry_run=False)
    assert not (tmp_path / "there" / "lake").exists()


def test_backup_that_was_cut_off_is_none(here: Settings, tmp_path: Path) -> None:
    folder, _ = create_backup(here, tmp_path / "backups")
    (folder / MANIFEST).unlink()
    assert find_backups(tmp_path / "backups") == []
    with pytest.raises(BackupError, match="no complete backup"):
        Manifest.read(folder)


def test_restore_overwrites_nothing(here: Settings, tmp_path: Path) -> None:
    folder, _ = create_backup(here, tmp_path / "backups")
    before = contents(here)
    with pytest.raises(BackupError, match="move these away first"):
        restore_backup(here, folder, dry_run=False)
    assert contents(here) == before


def test_manifest_cannot_write_outside_of_its_places(here: Settings, tmp_path: Path) -> None:
    folder, manifest = create_backup(here, tmp_path / "backups")
    (tmp_path / "evil").write_text("x")
    name = "runtime/../../../evil"
    (folder / "runtime").mkdir(exist_ok=True)
    evil = replace(manifest, files={name: to_file(tmp_path / "evil")})
    evil.write(folder)
    with pytest.raises(BackupError, match="out of"):
        restore_backup(settings_in(tmp_path / "there"), folder, dry_run=False)


def test_dry_run_changes_nothing(here: Settings, tmp_path: Path) -> None:
    folder, _ = create_backup(here, tmp_path / "backups")
    restore_backup(settings_in(tmp_path / "there"), folder, dry_run=True)
    assert not (tmp_path / "there").exists()


def test_maintenance_and_a_backup_keep_out_of_each_others_way(here: Settings, tmp_path: Path) -> None:
    lock = lock_path(here.lake_location(), Path(here.runtime_dir))
    with held_lock(lock, command="run"), pytest.raises(LockedError):
        create_backup(here, tmp_path / "backups")
    assert not (tmp_path / "backups").exists()


def test_backup_waits_for_maintenance_with_the_option_wait(
    here: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRYPTOVIZ_RUNTIME_DIR", str(here.runtime_dir))
    monkeypatch.setenv("CRYPTOVIZ_LAKE_URI", here.lake_uri)
    lock = held_lock(lock_path(here.lake_location(), Path(here.runtime_dir)), command="run")
    lock.__enter__()
    assert main(["create", str(tmp_path / "backups")]) == 75
    monkeypatch.setattr("time.sleep", lambda _: lock.__exit__(None, None, None))
    assert main(["create", str(tmp_path / "backups"), "--wait", "60"]) == 0


def test_lake_that_is_not_there_is_not_backed_up(tmp_path: Path) -> None:
    with pytest.raises(LakeNotFoundError):
        create_backup(settings_in(tmp_path / "none"), tmp_path / "backups")


def test_only_the_newest_are_kept(here: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYPTOVIZ_RUNTIME_DIR", str(here.runtime_dir))
    monkeypatch.setenv("CRYPTOVIZ_LAKE_URI", here.lake_uri)
    cut_off = tmp_path / "backups" / "backup-20260101T000000000000Z"
    (cut_off / "lake").mkdir(parents=True)
    for _ in range(3):
        assert main(["create", str(tmp_path / "backups"), "--keep", "2"]) == 0
    assert not cut_off.exists()
    assert len(find_backups(tmp_path / "backups")) == 2


@pytest.mark.parametrize(
    "name", ["lake/_catalog/stray.json", "collect/stray", "checkpoints/analysis/sentiment", "secret_key"]
)
def test_a_symbolic_link_is_named_and_never_followed(here: Settings, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "elsewhere"
    secret.mkdir()
    (secret / "file").write_text("not ours")
    link = Path(here.runtime_dir) / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(secret / "file")
    with pytest.raises(BackupError, match=link.name):
        create_backup(here, tmp_path / "backups")


def test_a_backup_with_a_symbolic_link_is_damaged(here: Settings, tmp_path: Path) -> None:
    folder, manifest = create_backup(here, tmp_path / "backups")
    name = next(iter(manifest.files))
    (folder / name).rename(tmp_path / "same_bytes")
    (folder / name).symlink_to(tmp_path / "same_bytes")
    with pytest.raises(BackupError, match="symbolic link"):
        restore_backup(settings_in(tmp_path / "there"), folder, dry_run=False)
    assert not (tmp_path / "there" / "lake").exists()


def test_copies_of_secrets_are_their_owners_alone(here: Settings, tmp_path: Path) -> None:
    runtime = Path(here.runtime_dir)
    with closing(sqlite3.connect(runtime / METADATA)) as database:
        database.execute("CREATE TABLE session (key TEXT)")
    here.signing_key()
    folder, _ = create_backup(here, tmp_path / "backups")
    for name in PRIVATE:
        (folder / name).chmod(0o644)  # as an archive unpacks it
    restore_backup(settings_in(tmp_path / "there"), folder, dry_run=False)
    for name in (METADATA, SECRET_KEY):
        assert (tmp_path / "there" / name).stat().st_mode & 0o777 == 0o600
    again, _ = create_backup(here, tmp_path / "backups")
    assert [(again / name).stat().st_mode & 0o777 for name in PRIVATE] == [0o600, 0o600]
