"""Rates of the scorers beside bare loops, at a small size."""

import re

import pytest

from benchmarks.scorers import own_passages, report_scorers


@pytest.mark.lake
def test_both_paths_and_their_bare_loops_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    report_scorers(3)
    lexicon, semantic, memory = capsys.readouterr().out.splitlines()
    took = r"the path takes [\d.]+ times as long"
    assert re.fullmatch(rf"vader-crypto: +[\d,]+ passages/s; stock VADER: +[\d,]+ /s; {took}", lexicon)
    assert re.fullmatch(rf"e5-logistic, .* passages/s; its encoder, each text once: .* /s; {took}", semantic)
    assert re.fullmatch(r"peak memory of this process: [\d,]+ MB, with the encoder [\d,]+ MB", memory)


def test_passages_are_those_asked_for_each_once() -> None:
    assert len(own_passages(50)) == len(set(own_passages(50))) == 50
