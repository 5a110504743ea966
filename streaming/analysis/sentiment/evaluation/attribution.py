"""Results of labelled texts as the product would give them: the passage to score, or why there is none."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.aliases.versions import SEED_VERSION
from streaming.analysis.sentiment.evaluation.headlines import LabelledPassage
from streaming.analysis.sentiment.evaluation.labelled_file import LabelledText
from streaming.analysis.sentiment.languages import UNDETERMINED, language_of
from streaming.analysis.sentiment.mentions import find_mentions
from streaming.analysis.sentiment.readable_text import to_readable
from streaming.analysis.sentiment.scorer import Passage, Scorer
from streaming.analysis.sentiment.spans import find_spans

NOTHING_NAMED = "nothing of crypto is named"
OTHER_ENTITY = "the entity is none that is named"
OTHER_LANGUAGE = "the language is not supported"
ABSTAINED = "the scorer abstains"
_SYMBOLS = frozenset(asset.symbol for asset in SEED_VERSION.assets)


@dataclass(frozen=True, slots=True)
class Attributed:
    """A labelled text and the passage of its result; ``reason`` says why there is none."""

    row: LabelledText
    passage: LabelledPassage | None
    reason: str | None = None


def attribute(rows: Sequence[LabelledText], scorer: Scorer) -> list[Attributed]:
    """Return each row with the passage that the scorer reads of it.

    A row's result is that of its entity; without an entity that of the symbol which the text names first. A row without
    a language has the feed's: the most common one of the file.
    """
    hints = hints_of(rows)
    return [_attribute(row, hint, scorer) for row, hint in zip(rows, hints, strict=True)]


def hints_of(rows: Sequence[LabelledText]) -> list[str | None]:
    """Return the language that each row's feed would name: its own, else the most common one of the file."""
    detected = Counter(language_of(row.text) for row in rows if row.language is None)
    detected.pop(UNDETERMINED, None)
    most_common = detected.most_common(1)[0][0] if detected else None
    return [row.language or most_common for row in rows]


def _attribute(row: LabelledText, hint: str | None, scorer: Scorer) -> Attributed:
    mentions = {mention.symbol: mention.passage for mention in find_mentions(row.text)}
    if not mentions:
        return Attributed(row, None, NOTHING_NAMED)
    symbol = next(iter(mentions)) if row.entity is None else symbol_of(row.entity, mentions)
    if symbol not in mentions:
        return Attributed(row, None, OTHER_ENTITY)
    language = row.language or language_of(row.text, hint)
    if language not in scorer.languages:
        return Attributed(row, None, OTHER_LANGUAGE)
    passage = Passage(mentions[symbol], language)
    return Attributed(row, LabelledPassage(title=row.text, symbol=symbol, passage=passage, label=row.label))


def symbol_of(entity: str, mentions: dict[str, str]) -> str:
    """Return the symbol that an entity's name means, itself where it means none; of several one that is mentioned."""
    name = to_readable(entity)
    if name.lower() in _SYMBOLS:
        return name.lower()
    meant = [span.symbol for span in find_spans(name)]
    return next((symbol for symbol in meant if symbol in mentions), meant[0] if meant else name.lower())
