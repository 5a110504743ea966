"""Checkpoint with an unfinished batch."""

from pathlib import Path

from streaming.analysis.checkpoint import remove_unfinished_batches


def test_only_the_plan_of_the_unfinished_batch_is_removed(tmp_path: Path) -> None:
    for log, batch_ids in (("offsets", (8, 9, 10)), ("commits", (8, 9))):
        (tmp_path / log).mkdir()
        for batch_id in batch_ids:
            (tmp_path / log / f"{batch_id}").write_text("v1")
            (tmp_path / log / f".{batch_id}.crc").write_text("")

    remove_unfinished_batches(tmp_path)

    assert sorted(path.name for path in (tmp_path / "offsets").iterdir()) == [".8.crc", ".9.crc", "8", "9"]
    assert len(list((tmp_path / "commits").iterdir())) == 4


def test_states_of_an_unfinished_first_batch_are_removed(tmp_path: Path) -> None:
    for folder in ("offsets", "commits", "state/0/0"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "offsets" / "0").write_text("v1")

    remove_unfinished_batches(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["commits", "offsets"]


def test_states_of_finished_batches_stay(tmp_path: Path) -> None:
    for folder in ("offsets", "commits", "state/0/0"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("offsets/0", "commits/0", "offsets/1"):
        (tmp_path / name).write_text("v1")

    remove_unfinished_batches(tmp_path)

    assert (tmp_path / "state" / "0" / "0").exists()
    assert [path.name for path in (tmp_path / "offsets").iterdir()] == ["0"]


def test_new_checkpoint_needs_nothing(tmp_path: Path) -> None:
    remove_unfinished_batches(tmp_path / "absent")

    assert not (tmp_path / "absent").exists()
