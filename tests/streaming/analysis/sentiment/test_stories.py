"""Figures of stories on labelled headlines: what the docs say, and no worse than that."""

import json
from pathlib import Path

import pytest

from streaming.analysis.sentiment.__main__ import main
from streaming.analysis.sentiment.evaluation.stories import (
    SPLITS,
    ToldHeadline,
    measure_stories,
    read_told,
    story_figures,
    to_lines,
)

DOCS = Path(__file__).parents[4] / "docs/models/sentiment.md"


@pytest.mark.parametrize("split", SPLITS)
def test_found_pairs_are_right_and_most_copies_are_found(split: str) -> None:
    for figures in story_figures()[split].values():
        assert figures.precision is not None
        assert figures.recall_of_copies is not None
        assert figures.precision >= 0.93
        assert figures.recall_of_copies >= 0.74


def test_docs_have_the_figures_that_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stories"]) == 0
    printed = capsys.readouterr().out.strip()
    assert printed == "\n".join(to_lines(story_figures()))
    assert printed in DOCS.read_text(encoding="utf-8")
    assert main(["stories", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["held_out"]["as written"]["n_stories"] == 46


def test_figures_count_pairs() -> None:
    rows = [
        ToldHeadline("1", "first", "en", "Kraken wins licence to operate in Ireland"),
        ToldHeadline("1", "copy", "en", "Kraken wins a licence to operate in Ireland"),
        ToldHeadline("1", "rewritten", "en", "Ireland lets Kraken in"),
        ToldHeadline("2", "first", "en", "Bitcoin slips below $61,000"),
        ToldHeadline("3", "first", "en", "Bitcoin slips below $61K"),
    ]
    figures = measure_stories(rows)
    assert (figures.n_headlines, figures.n_stories, figures.n_found) == (5, 3, 2)
    assert (figures.precision, figures.recall_of_copies, figures.recall_of_rewritten) == (0.5, 1.0, 0.0)


@pytest.mark.parametrize("split", SPLITS)
def test_no_headline_is_labelled_twice_and_each_story_has_one_first(split: str) -> None:
    rows = read_told(split)
    assert len({row.title for row in rows}) == len(rows)
    firsts = [row.story for row in rows if row.kind == "first"]
    assert sorted(firsts, key=int) == sorted({row.story for row in rows}, key=int)
