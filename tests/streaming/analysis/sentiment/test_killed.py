"""Commands of sentiment models that are killed: a document is there whole or not at all, and a repeat goes on."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.delta.storage import LakeLocation
from lakehouse.sentiment_models.model import read_model
from lakehouse.sentiment_models.versions import FOLDER, ModelRegistry, parse_event
from streaming.analysis.sentiment.__main__ import main
from streaming.analysis.sentiment.semantic.own_model import read_own_model
from streaming.analysis.sentiment.semantic.vector_cache import VectorCache
from tests.streaming.analysis.sentiment.training.test_train import bag_of_words, write_labels
from tests.support.processes import ROOT, clean_environ
from tests.support.profiles import sized

pytestmark = pytest.mark.lake
KILLED = -signal.SIGKILL


def run_killed(when: str, lake: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "tests.support.killed_sentiment", when, *arguments]
    environ = clean_environ(
        {"CRYPTOVIZ_LAKE_URI": str(lake), "CRYPTOVIZ_RUNTIME_DIR": str(lake.parent / "run")}
    )
    ended = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == KILLED, ended.stderr


def documents(lake: Path) -> list[str]:
    """Return the names in the folder of the models, after every one of them was parsed."""
    location = LakeLocation.parse(str(lake))
    names = sorted(location.names(FOLDER))
    for at, name in enumerate(names, start=1):
        parse_event(at, location.read(name) or b"")
        assert name == f"{FOLDER}/{at:06d}.json"
    return names


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRYPTOVIZ_LAKE_URI", str(tmp_path / "lake"))
    monkeypatch.setenv("CRYPTOVIZ_RUNTIME_DIR", str(tmp_path / "run"))
    vectors = VectorCache(bag_of_words, path=None, width=384)
    monkeypatch.setattr("streaming.analysis.sentiment.semantic.loading.load_vectors", lambda _: vectors)
    return tmp_path / "lake"


@pytest.mark.parametrize(("when", "n_documents"), [("before", 0), ("after", 1)])
def test_training_that_is_killed_leaves_a_whole_model_or_none_and_a_repeat_has_one(
    lake: Path, tmp_path: Path, when: str, n_documents: int, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = str(write_labels(tmp_path / "labels.csv", n=180))
    run_killed(when, lake, "train", "--labels", labels)
    assert len(documents(lake)) == n_documents
    assert main(["train", "--labels", labels, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["number"] == 1
    assert len(documents(lake)) == 1


@pytest.mark.parametrize(("when", "n_documents"), [("before", 1), ("after", 2)])
@pytest.mark.parametrize("command", [("promote", "1"), ("rollback",)])
def test_promotion_or_rollback_that_is_killed_counts_whole_or_not_at_all(
    lake: Path, command: tuple[str, ...], when: str, n_documents: int
) -> None:
    registry = ModelRegistry(LakeLocation.parse(str(lake)), lambda: 0)
    registry.add(read_own_model(), {})
    if command == ("rollback",):
        registry.publish(1)
    before = len(documents(lake))
    run_killed(when, lake, *command)
    assert len(documents(lake)) == before + n_documents - 1
    published = registry.history().published_at(2**62)
    is_done = n_documents == 2
    assert published == (int(is_done) if command == ("promote", "1") else int(not is_done))
    if not is_done:
        assert main(list(command)) == 0
        assert len(documents(lake)) == before + 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_file_of_a_training_that_is_killed_is_the_one_before_or_the_new_one(
    lake: Path, tmp_path: Path, when: str
) -> None:
    labels, out = str(write_labels(tmp_path / "labels.csv", n=180)), tmp_path / "model.json"
    earlier = json.dumps({"digest": "", "model": read_own_model().to_json(), "report": {}})
    out.write_text(earlier, encoding="utf-8")
    run_killed(when, lake, "train", "--labels", labels, "--out", str(out))
    assert (out.read_text(encoding="utf-8") == earlier) is (when == "before")
    assert read_model(out).languages


def test_killed_at_any_instant_nothing_is_half_and_what_was_said_to_be_done_is_there(lake: Path) -> None:
    draw, first = random.Random(7), 0
    for _ in range(sized(quick=4, full=8, soak=25)):
        command = [sys.executable, "-m", "tests.support.killed_sentiment", "loop", str(lake), str(first)]
        child = subprocess.Popen(command, cwd=ROOT, env=clean_environ(), stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(draw.randint(1, 9))]
        child.kill()
        lines += child.stdout.readlines()
        assert child.wait() == KILLED
        child.stdout.close()
        history = ModelRegistry(LakeLocation.parse(str(lake)), lambda: 0).history()
        done = [line.split() for line in lines if line.startswith("done") and line.endswith("\n")]
        assert {int(added) for _, _, added in done} <= set(history.models)
        assert len(documents(lake)) == len(history.events)
        first = max([first, *(int(number) + 1 for _, number, _ in done)])
    assert ModelRegistry(LakeLocation.parse(str(lake)), lambda: 0).add(read_own_model(), {}) >= 1
