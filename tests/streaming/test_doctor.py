"""The doctor names each broken thing, with what to do, and nothing else."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from streaming.doctor import cluster, examination, installation
from streaming.doctor.__main__ import main
from streaming.doctor.examination import examine
from streaming.doctor.findings import FAIL, OK, WARN, Finding
from tests.support.lake_builder import build_lake


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    build_lake(tmp_path / "lake", sentiment=[{}])
    return {
        "CRYPTOVIZ_LAKE_URI": str(tmp_path / "lake"),
        "CRYPTOVIZ_RUNTIME_DIR": str(tmp_path / "runtime"),
        "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "PATH": "/nowhere",
    }


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "BROKER_SECONDS", 0.5)


def findings_of(environ: dict[str, str]) -> dict[str, list[Finding]]:
    findings: dict[str, list[Finding]] = {}
    for finding in examine(environ):
        findings.setdefault(finding.what, []).append(finding)
        assert bool(finding.advice) is (finding.level != OK)
    return findings


def test_broker_that_is_away_is_named_and_the_lake_is_looked_at_all_the_same(environ: dict[str, str]) -> None:
    findings = findings_of(environ)
    assert findings["kafka"][0].level == FAIL
    assert "127.0.0.1:1" in findings["kafka"][0].detail
    assert findings["lake"][0].level == OK
    assert "gold_sentiment version 1, 1 rows" in [table.detail for table in findings["table"]]


def test_table_whose_log_is_broken_is_named(environ: dict[str, str], tmp_path: Path) -> None:
    log = next((tmp_path / "lake").rglob("gold_sentiment*/**/_delta_log/*1.json"))
    log.write_text("{")
    (table,) = [table for table in findings_of(environ)["table"] if table.level == FAIL]
    assert table.detail.startswith("gold_sentiment: ")
    assert "fsck" in table.advice


def test_lake_that_is_not_there_is_a_failure_that_names_the_variable(
    environ: dict[str, str], tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "lake")
    (lake,) = findings_of(environ)["lake"]
    assert lake.level == FAIL
    assert (tmp_path / "lake").as_uri() in lake.detail
    assert "CRYPTOVIZ_LAKE_URI" in lake.advice


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CRYPTOVIZ_HTTP_PORT", "99999"),
        ("CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS", ""),
        ("CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS", "kafka"),
    ],
)
def test_setting_that_is_wrong_is_named(environ: dict[str, str], variable: str, value: str) -> None:
    finding = findings_of(environ | {variable: value})["settings"][0]
    assert finding.level == FAIL
    assert variable in finding.detail


def test_disk_that_fills_is_watched_then_failed(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = []
    for free in (10**10, 2 * 10**9, 10**8):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        levels.append(findings_of(environ)["disk"][0].level)
    assert levels == [OK, WARN, FAIL]


def test_check_that_fails_itself_is_a_finding_and_the_others_go_on(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Finding:
        raise PermissionError(13, "Permission denied", "/opt/thing")

    whole = findings_of(environ)
    for name in ("packages", "java", "jars", "disk", "processes", "tables"):
        monkeypatch.setattr(examination, f"examine_{name}", fail)
    findings = findings_of(environ)
    assert findings.keys() >= whole.keys() - {"lake"}
    for what in ("packages", "java", "jars", "disk", "processes", "table"):
        assert [finding.level for finding in findings[what]] == [FAIL]
        assert "/opt/thing" in findings[what][0].detail


def test_packages_and_jars_that_are_not_as_locked_are_named(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.lock").write_text("django==0.1 \\\n    --hash=x\nnot-a-package==1\n")
    (tmp_path / "jars.lock").write_text("# sha256\nabc spark org.example thing 1.0\n")
    monkeypatch.setattr(examination, "ROOT", tmp_path)
    monkeypatch.setattr(examination, "LOCK", tmp_path / "jars.lock")
    monkeypatch.setattr(examination, "JARS", tmp_path / "jars")
    findings = findings_of(environ)
    assert "django" in findings["packages"][0].detail
    assert "not-a-package is missing" in findings["packages"][0].detail
    assert "spark/thing-1.0.jar" in findings["jars"][0].detail


def test_an_installed_wheel_has_no_lock_and_is_named_with_its_version(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "ROOT", tmp_path)
    monkeypatch.setattr(installation, "version", lambda name: f"9.9 of {name}")
    (packages,) = findings_of(environ)["packages"]
    assert (packages.level, packages.detail.startswith("cryptoviz 9.9 of cryptoviz as a wheel")) == (OK, True)


def test_command_says_a_line_or_an_object_a_finding_and_fails_where_something_is_wrong(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert main([]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("doctor: ")
    assert main(["--json"]) == 1
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"kafka", "lake", "disk", "java"} <= {each["what"] for each in objects}
