"""Precision and recall of stories, on pairs of headlines: those of one story by labels, and as the product has them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

from lakehouse.stories.assignment import Assigner, Text

DIRECTORY = Path(__file__).parent
SPLITS = ("tuning", "held_out")
REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class ToldHeadline:
    """A headline and the story that it tells; ``kind`` is first, copy or rewritten (the same in other words)."""

    story: str
    kind: str
    language: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFigures:
    """Shares of pairs. ``precision`` is None where no pair was found, a recall where there is none to find."""

    n_headlines: int
    n_stories: int
    n_found: int
    precision: float | None
    recall_of_copies: float | None
    recall_of_rewritten: float | None


def read_told(split: str) -> list[ToldHeadline]:
    """Return the labelled headlines of a split, one of SPLITS."""
    lines = (DIRECTORY / f"stories_{split}.tsv").read_text(encoding="utf-8").splitlines()
    return [ToldHeadline(*line.split("\t")) for line in lines]


def measure_stories(headlines: Sequence[ToldHeadline]) -> StoryFigures:
    """Return the figures of headlines as if all were about one symbol, published at one time, in their order.

    That is harder than life: so many headlines of one pattern do not come at once.
    """
    assigner = Assigner()
    found = [
        assigner.assign(Text("market", each.language, 0, at, 0, str(at), each.title, is_scored=True)).story_id
        for at, each in enumerate(headlines)
    ]
    pairs = [
        (one.story == other.story, found[at] == found[to], REWRITTEN in (one.kind, other.kind))
        for (at, one), (to, other) in combinations(enumerate(headlines), 2)
        if one.language == other.language
    ]
    return StoryFigures(
        n_headlines=len(headlines),
        n_stories=len({each.story for each in headlines}),
        n_found=sum(is_found for _, is_found, _ in pairs),
        precision=_share([is_one for is_one, is_found, _ in pairs if is_found]),
        recall_of_copies=_share(
            [is_found for is_one, is_found, is_other in pairs if is_one and not is_other]
        ),
        recall_of_rewritten=_share([is_found for is_one, is_found, is_other in pairs if is_one and is_other]),
    )


def story_figures() -> dict[str, dict[str, StoryFigures]]:
    """Return {split: {spelling: figures}}: as written, with capitals everywhere, and each in turn."""
    return {
        split: {name: measure_stories(_spelt(read_told(split), spell)) for name, spell in _SPELLINGS.items()}
        for split in SPLITS
    }


def to_lines(figures: Mapping[str, Mapping[str, StoryFigures]]) -> list[str]:
    """Return the figures as a table in Markdown."""
    lines = [
        "| headlines | capitals | found pairs | precision | recall of copies | of rewritten ones |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for split, by_spelling in figures.items():
        for name, each in by_spelling.items():
            shares = (each.precision, each.recall_of_copies, each.recall_of_rewritten)
            cells = " | ".join("-" if share is None else f"{share:.3f}" for share in shares)
            what = f"{split.replace('_', ' ')}: {each.n_headlines} of {each.n_stories} stories"
            lines.append(f"| {what} | {name} | {each.n_found} | {cells} |")
    return lines


def to_document(figures: Mapping[str, Mapping[str, StoryFigures]]) -> dict[str, dict[str, object]]:
    """Return the figures as JSON."""
    return {
        split: {name: asdict(each) for name, each in by_spelling.items()}
        for split, by_spelling in figures.items()
    }


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def _spelt(headlines: Sequence[ToldHeadline], spell: Callable[[int, str], str]) -> list[ToldHeadline]:
    return [
        ToldHeadline(each.story, each.kind, each.language, spell(at, each.title))
        for at, each in enumerate(headlines)
    ]


def _in_title_case(title: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in title.split())


_SPELLINGS: Mapping[str, Callable[[int, str], str]] = {
    "as written": lambda _, title: title,
    "of every word": lambda _, title: _in_title_case(title),
    "by turns": lambda at, title: _in_title_case(title) if at % 2 else title,
}
