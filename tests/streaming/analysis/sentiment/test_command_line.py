"""Command line of the sentiment models: train, list, promote, roll back."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from streaming.analysis.sentiment.__main__ import main
from streaming.analysis.sentiment.semantic.vector_cache import VectorCache
from tests.streaming.analysis.sentiment.training.test_train import bag_of_words, write_labels


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYPTOVIZ_RUNTIME_DIR", str(tmp_path / "runtime"))
    vectors = VectorCache(bag_of_words, path=None, width=384)
    monkeypatch.setattr("streaming.analysis.sentiment.semantic.loading.load_vectors", lambda _: vectors)


@pytest.fixture
def labels(tmp_path: Path) -> str:
    return str(write_labels(tmp_path / "labels.csv", n=180))


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def states(capsys: pytest.CaptureFixture[str]) -> list[tuple[int, str]]:
    assert main(["models", "--json"]) == 0
    return [(row["number"], row["state"]) for row in document(capsys)]


def test_trained_model_is_in_the_lake_and_runs_in_the_shadow_until_it_is_promoted(
    labels: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["train", "--labels", labels, "--json"]) == 0
    figures = document(capsys)
    assert (figures["number"], figures["n_texts"], figures["protocol"]) == (1, 180, "newest third")
    assert figures["macro_f1"] > figures["published_macro_f1"]
    assert {"macro_f1_interval", "difference", "p_value", "ece", "brier", "verdict"} <= set(figures)

    clock = time.time_ns() // 1_000 + 10**7
    monkeypatch.setattr("streaming.analysis.sentiment.__main__._now_us", lambda: clock)
    assert states(capsys) == [(0, "published"), (1, "shadow")]
    assert main(["promote", "1"]) == 0
    assert "model 1 is published for texts from" in capsys.readouterr().out

    monkeypatch.setattr("streaming.analysis.sentiment.__main__._now_us", lambda: clock + 10**7)
    assert states(capsys) == [(0, "kept"), (1, "published")]
    assert main(["rollback"]) == 0
    assert capsys.readouterr().out.startswith("vader-crypto is published for texts from")


def test_model_written_to_a_file_is_not_in_the_lake(
    labels: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model.json"

    assert main(["train", "--labels", labels, "--out", str(out)]) == 0

    assert str(out) in capsys.readouterr().out
    assert set(json.loads(out.read_text())) == {"digest", "model", "report"}
    assert states(capsys) == [(0, "published")]


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["train"], 2, "--labels"),
        (["train", "--labels", "absent.csv"], 2, "absent.csv"),
        (["promote", "1"], 1, "there is no model 1; there are: none"),
        (["promote", "1", "--from", "soon"], 2, "RFC 3339 such as"),
        (["rollback"], 1, "nothing to roll back"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(
    arguments: list[str], code: int, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    assert problem in capsys.readouterr().err
