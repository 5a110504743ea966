"""With CRYPTOVIZ_RUNTIME_DIR alone, every program reads and writes below that folder."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import api.__main__ as api_command
import compaction.__main__ as compaction_command
import compaction.runner as compaction_runner
import demo.__main__ as demo_command
import demo.pipeline as demo_pipeline
import streaming.analysis.service as analysis_service
import streaming.broker.__main__ as broker_command
import streaming.collect.__main__ as collect_command
import streaming.feed.__main__ as feed_command
import streaming.feed.publication.commands as feed_publication
import streaming.ingest.run as ingest_service
import streaming.offline.__main__ as offline_command
import streaming.spark.session as spark_session
from api.process.lake import open_lake
from lakehouse.lake import _lake_of_settings
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import StopRequestedError
from streaming.__main__ import main as run_stream
from streaming.analysis.__main__ import main as run_analysis
from streaming.doctor.examination import examine
from streaming.ingest.__main__ import main as run_ingest

Capture = Callable[[pytest.MonkeyPatch, list[Any]], None]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    monkeypatch.chdir(tmp_path)  # nothing may fall back to .runtime of the working folder
    monkeypatch.setenv("CRYPTOVIZ_RUNTIME_DIR", str(tmp_path / "x"))
    monkeypatch.delenv("CRYPTOVIZ_LAKE_URI", raising=False)
    monkeypatch.setenv("CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)
    yield tmp_path / "x"
    for number, handler in handlers.items():
        signal.signal(number, handler)
    assert not (tmp_path / ".runtime").exists()


def captures(monkeypatch: pytest.MonkeyPatch, target: Any, name: str) -> list[Any]:
    """Replace a function by one that keeps its arguments and ends the program."""
    arguments: list[Any] = []

    def capture(*given: Any, **named: Any) -> Any:
        arguments.extend([*given, *named.values()])
        raise StopRequestedError

    monkeypatch.setattr(target, name, capture)
    return arguments


@pytest.mark.parametrize(
    ("main", "services"),
    [
        (run_ingest, ["ingest"]),
        (run_analysis, ["analysis"]),
        (run_stream, ["ingest", "analysis"]),
    ],
)
def test_spark_services(
    folder: Path, monkeypatch: pytest.MonkeyPatch, main: Callable[..., int], services: list[str]
) -> None:
    seen: dict[str, Any] = {}

    class Service:
        def __init__(self, _: Any, settings: Any, **__: Any) -> None:
            seen[type(settings).__name__.removesuffix("Settings").lower()] = settings

        def run(self) -> None:
            pass

    monkeypatch.setattr(ingest_service, "IngestService", Service)
    monkeypatch.setattr(analysis_service, "AnalysisService", Service)
    monkeypatch.setattr(spark_session, "build_session", lambda **_: None)

    assert main(["run"]) == 0

    assert sorted(seen) == sorted(services)
    for name, settings in seen.items():
        assert settings.checkpoint_dir == folder / "checkpoints" / name
    if "ingest" in seen:
        assert seen["ingest"].lake.uri == (folder / "lake").as_uri()


def test_lake_of_an_option_replaces_the_one_of_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = captures(monkeypatch, ingest_service, "IngestService")

    with pytest.raises(StopRequestedError):
        run_ingest(["--lake", str(folder / "other"), "run"])

    assert seen[1].lake.uri == (folder / "other").as_uri()


def test_commands_of_ingestion_name_the_lake_that_is_not_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_ingest(["exclude", "Topic/0/1", "--reason", "wrong"]) == 1
    assert (folder / "lake").as_uri() in capsys.readouterr().err
    assert run_ingest(["rebuild", "--reason", "again"]) == 1
    assert (folder / "lake").as_uri() in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["news", "prices"])
def test_collectors(folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    seen = captures(monkeypatch, collect_command, "_collect")

    with pytest.raises(StopRequestedError):
        collect_command.main([kind])

    assert (seen[0].state_dir, seen[0].offline_dir) == (folder / "collect", folder / "offline")
    assert seen[1].broker_dir == folder / "broker"


def test_gaps_of_a_folder_that_is_not_there_are_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert collect_command.main(["gaps"]) == 1

    captured = capsys.readouterr()
    assert (captured.out, str(folder / "collect") in captured.err) == ("", True)


def test_feed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = captures(monkeypatch, feed_publication, "find_cluster")

    with pytest.raises(StopRequestedError):
        feed_command.main(["live"])

    assert seen[0].broker_dir == folder / "broker"


def test_offline_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = captures(monkeypatch, offline_command, "_listen")

    with pytest.raises(StopRequestedError):
        offline_command.main(["--days", "0.01"])

    assert seen[2] == folder / "offline" / "url"


def test_broker(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = captures(monkeypatch, broker_command, "_serve")

    with pytest.raises(StopRequestedError):
        broker_command.main(["start"])

    assert seen[0].log_path == folder / "broker" / "broker.log"
    assert broker_command.main(["status"]) == broker_command.EXIT_NOT_RUNNING


def test_compaction(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = captures(monkeypatch, compaction_runner, "run_recorded")

    with pytest.raises(StopRequestedError):
        compaction_command.main(["run"])

    assert seen[0].lake.location.uri == (folder / "lake").as_uri()
    assert seen[0].lock == folder / "lake" / "_maintenance" / "lock"


def test_api(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYPTOVIZ_HTTP_PORT", "0")
    monkeypatch.setattr(api_command, "_migrate_in_child", lambda: None)
    seen = captures(monkeypatch, api_command, "_empty_metrics_folder")

    with pytest.raises(StopRequestedError):
        api_command.main([])

    seen[1].close()
    assert seen[0] == folder
    settings = Settings.from_environ({"CRYPTOVIZ_RUNTIME_DIR": str(folder)})
    assert open_lake(settings).location.uri == (folder / "lake").as_uri()


def test_doctor(folder: Path) -> None:
    findings = list(examine({"CRYPTOVIZ_RUNTIME_DIR": str(folder), "PATH": "/nowhere"}))

    (lake,) = [finding for finding in findings if finding.what == "lake"]
    assert (folder / "lake").as_uri() in lake.detail


def test_demo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["demo"])
    seen = captures(monkeypatch, demo_pipeline, "Demo")

    with pytest.raises(StopRequestedError):
        demo_command.main()

    assert seen[0].runtime_dir == folder


def test_library(folder: Path) -> None:
    assert _lake_of_settings().location.uri == (folder / "lake").as_uri()
