"""A checkpoint as a cut-off batch leaves it."""

from pathlib import Path

from streaming.analysis.checkpoint import forget_unfinished_batches


def test_only_the_plan_of_the_cut_off_batch_is_removed(tmp_path: Path) -> None:
    for log, batch_ids in (("offsets", (8, 9, 10)), ("commits", (8, 9))):
        (tmp_path / log).mkdir()
        for batch_id in batch_ids:
            (tmp_path / log / f"{batch_id}").write_text("v1")
            (tmp_path / log / f".{batch_id}.crc").write_text("")

    forget_unfinished_batches(tmp_path)

    assert sorted(path.name for path in (tmp_path / "offsets").iterdir()) == [".8.crc", ".9.crc", "8", "9"]
    assert len(list((tmp_path / "commits").iterdir())) == 4


def test_new_checkpoint_needs_nothing(tmp_path: Path) -> None:
    forget_unfinished_batches(tmp_path / "absent")

    assert not (tmp_path / "absent").exists()
