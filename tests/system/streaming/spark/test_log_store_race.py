"""Two engines commit to one log: who is told that it won a version has won it, alone."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, write_deltalake
from deltalake.exceptions import DeltaError

from streaming.spark.java import find_jdk
from streaming.spark.session import HARD_LINK_LOG_STORE

DEFAULT_LOG_STORE = "default"
SCHEMA = pa.schema([("offset", pa.int64())])
ONE_ROW = pa.table({"offset": [1]}, schema=SCHEMA)
NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)


def test_race_between_spark_log_store_and_delta_rs_has_one_winner_per_version(
    tmp_path: Path, jvm_class_path: str
) -> None:
    n_versions = 2_000
    table = DeltaTable.create(str(tmp_path), schema=SCHEMA)

    with run_java(jvm_class_path, "CommitRace", HARD_LINK_LOG_STORE, log_path(tmp_path), n_versions) as jvm:
        jvm.read_line()
        jvm.go_on()
        delta_rs = commit_until(table, n_versions)
        jvm_won = {int(line.split()[1]) for line in jvm.read_rest() if line.startswith("won ")}

    versions = range(1, n_versions + 1)
    found = {version: read_writer(tmp_path, version) for version in versions}
    delta_rs_won = delta_rs.writer_by_version.keys() & set(versions)
    untold = {version for version in versions if found[version] in delta_rs.untold_writers}
    assert jvm_won & delta_rs_won == set()
    assert sorted([*jvm_won, *delta_rs_won, *untold]) == list(versions)
    assert {version: found[version] for version in jvm_won} == {
        version: f"jvm-{version}" for version in jvm_won
    }
    assert {version: found[version] for version in delta_rs_won} == {
        version: delta_rs.writer_by_version[version] for version in delta_rs_won
    }
    assert min(len(jvm_won), len(delta_rs_won)) > n_versions // 20, "one side ran alone: no race"


def test_log_store_that_spark_uses_by_default_overwrites_a_commit_of_delta_rs(
    tmp_path: Path, jvm_class_path: str
) -> None:
    table = DeltaTable.create(str(tmp_path), schema=SCHEMA)

    with run_java(
        jvm_class_path, "StoppedCommit", DEFAULT_LOG_STORE, commit_path(tmp_path, 1), "rename"
    ) as jvm:
        assert jvm.read_line() == "before rename"
        commit(table, writer="delta-rs")
        told_delta_rs = table.version()
        jvm.go_on()
        told_jvm = jvm.read_rest()

    assert (told_delta_rs, told_jvm) == (1, ["committed"])
    assert read_writer(tmp_path, 1) == "jvm"
    assert not commit_path(tmp_path, 2).exists()


@pytest.mark.parametrize("log_store", [DEFAULT_LOG_STORE, HARD_LINK_LOG_STORE])
def test_commit_of_delta_rs_before_the_temporary_file_is_whole_stays(
    tmp_path: Path, jvm_class_path: str, log_store: str
) -> None:
    table = DeltaTable.create(str(tmp_path), schema=SCHEMA)

    with run_java(jvm_class_path, "StoppedCommit", log_store, commit_path(tmp_path, 1), "written") as jvm:
        assert jvm.read_line() == "written"
        commit(table, writer="delta-rs")
        jvm.go_on()
        told_jvm = jvm.read_rest()

    assert told_jvm == ["exists"]
    assert read_writer(tmp_path, 1) == "delta-rs"


def test_hard_link_log_store_names_a_whole_commit_without_renaming(
    tmp_path: Path, jvm_class_path: str
) -> None:
    DeltaTable.create(str(tmp_path), schema=SCHEMA)

    # It stops before any rename through Hadoop: that it never stops shows that there is none to stop at.
    with run_java(
        jvm_class_path, "StoppedCommit", HARD_LINK_LOG_STORE, commit_path(tmp_path, 1), "rename"
    ) as jvm:
        told_jvm = jvm.read_rest()

    assert told_jvm == ["committed"]
    assert read_writer(tmp_path, 1) == "jvm"


def test_hard_link_commit_is_readable_by_others_and_leaves_nothing_behind(
    tmp_path: Path, jvm_class_path: str
) -> None:
    DeltaTable.create(str(tmp_path), schema=SCHEMA)

    for _ in range(2):
        with run_java(
            jvm_class_path, "StoppedCommit", HARD_LINK_LOG_STORE, commit_path(tmp_path, 1), "written"
        ) as jvm:
            jvm.read_line()
            jvm.go_on()
            jvm.read_rest()

    names = sorted(path.name for path in Path(log_path(tmp_path)).iterdir())
    assert names == ["00000000000000000000.json", "00000000000000000001.json"]
    assert commit_path(tmp_path, 1).stat().st_mode & 0o777 == commit_path(tmp_path, 0).stat().st_mode & 0o777


def test_commit_that_was_killed_leaves_a_log_that_delta_rs_reads_and_continues(
    tmp_path: Path, jvm_class_path: str
) -> None:
    table = DeltaTable.create(str(tmp_path), schema=SCHEMA)

    with run_java(
        jvm_class_path, "StoppedCommit", HARD_LINK_LOG_STORE, commit_path(tmp_path, 1), "written"
    ) as jvm:
        jvm.read_line()
        jvm.kill()
    left_behind = [path.name for path in Path(log_path(tmp_path)).iterdir() if path.name.endswith(".tmp")]
    commit(table, writer="delta-rs")

    assert len(left_behind) == 1
    assert left_behind[0].startswith(".00000000000000000001.json.")
    assert DeltaTable(str(tmp_path)).version() == 1


@dataclass(frozen=True, slots=True)
class JavaProgram:
    """A test's program in its own JVM; it stops where it says a line, until it is told to go on."""

    process: subprocess.Popen[str]

    def read_line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def read_rest(self) -> list[str]:
        assert self.process.stdout is not None
        return self.process.stdout.read().splitlines()

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def run_java(class_path: str, program: str, *arguments: object) -> Iterator[JavaProgram]:
    command = [str(find_jdk().java), "-cp", class_path, f"cryptoviz.delta.{program}", *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            yield JavaProgram(process)
        finally:
            process.kill()


@dataclass(slots=True)
class Commits:
    """The versions that delta-rs was told it had won, with what it wrote there, and what it got an error for."""

    writer_by_version: dict[int, str] = field(default_factory=dict)
    untold_writers: set[str] = field(default_factory=set)


def commit_until(table: DeltaTable, last_version: int) -> Commits:
    commits = Commits()
    n_tries, checkpoint_version = 0, 0
    while table.version() < last_version:
        n_tries += 1
        writer = f"delta-rs-{n_tries}"
        try:
            commit(table, writer=writer)
        except DeltaError:
            # Out of retries; or a gap, seen by listing the log while others wrote, perhaps after its own commit.
            commits.untold_writers.add(writer)
            table = reopen(table)
        else:
            commits.writer_by_version[table.version()] = writer
        if table.version() >= checkpoint_version + 100:
            # Without one, a commit of delta-rs takes ten times as long at the end as at the start.
            table.create_checkpoint()
            checkpoint_version = table.version()
            table = reopen(table)
    return commits


def reopen(table: DeltaTable) -> DeltaTable:
    for _ in range(20):
        try:
            return DeltaTable(table.table_uri)
        except DeltaError:
            continue
    return DeltaTable(table.table_uri)


def commit(table: DeltaTable, *, writer: str) -> None:
    """One row, so that the table object knows the version of its own commit; a commit without files does not tell."""
    properties = CommitProperties(custom_metadata={"writer": writer})
    write_deltalake(
        table, ONE_ROW, mode="append", commit_properties=properties, post_commithook_properties=NO_HOOKS
    )


def read_writer(table_path: Path, version: int) -> str:
    lines = commit_path(table_path, version).read_text(encoding="utf-8").splitlines()
    infos = [action["commitInfo"] for action in map(json.loads, lines) if "commitInfo" in action]
    return str(infos[0]["writer"])


def commit_path(table_path: Path, version: int) -> Path:
    return Path(log_path(table_path)) / f"{version:020d}.json"


def log_path(table_path: Path) -> str:
    return f"{table_path}/_delta_log"
