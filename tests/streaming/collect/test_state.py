"""State files: whole, or as they were before."""

from pathlib import Path

import pytest

from streaming.collect.errors import StateFileError
from streaming.collect.feeds.identity import Traits
from streaming.collect.feeds.news import NewsState
from streaming.collect.feeds.seen_texts import SeenTexts
from streaming.collect.state import StateStore

STATE = NewsState(
    url="http://a/",
    seen_texts=SeenTexts(texts=[Traits("g1", None, "t1", 5)], shared=["g0"]),
    first_seen_us={"n1": 7},
)


def test_a_state_comes_back_as_it_was_written(tmp_path: Path) -> None:
    StateStore(tmp_path / "new").write("a", STATE)

    assert StateStore(tmp_path / "new").read("a", NewsState) == STATE
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.json"]


def test_a_half_written_file_beside_it_is_not_the_state(tmp_path: Path) -> None:
    StateStore(tmp_path).write("a", NewsState(url="http://a/"))
    (tmp_path / "a.json.123.part").write_bytes(b'{"url":"http')

    assert StateStore(tmp_path).read("a", NewsState).url == "http://a/"


def test_a_state_that_cannot_be_read_is_never_silently_forgotten(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{}x")

    with pytest.raises(StateFileError, match="remove it to start over"):
        StateStore(tmp_path).read("a", NewsState)


def test_playback_begins_with_the_recorded_state_and_changes_nothing(tmp_path: Path) -> None:
    StateStore(tmp_path).write("a", NewsState(url="http://a/"))
    store = StateStore(None, start_dir=tmp_path)

    store.write("a", NewsState(url="http://b/"))

    assert store.read("a", NewsState).url == "http://a/"
