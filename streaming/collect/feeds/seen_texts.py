"""Texts of a feed that Kafka has, as the collector remembers them between two polls and two starts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from streaming.collect.feeds.identity import Traits, is_same_text, shared_names

MIN_REMEMBERED = 2_000
_MAX_CANDIDATES = 50


class SeenTexts(msgspec.Struct, kw_only=True):
    """Traits of published texts, the longest unlisted first, and guids and addresses that identify none.

    Bounded: the newest texts are kept, at least `MIN_REMEMBERED` and three times what the feed lists.
    """

    texts: list[Traits] = msgspec.field(default_factory=list)
    shared: list[str] = msgspec.field(default_factory=list)


def select_new(seen: SeenTexts, listed: Sequence[Traits]) -> list[int]:
    """Return which items of a document are no text that was seen before, each text once."""
    shared = {*seen.shared, *shared_names(listed)}
    known: dict[str, list[Traits]] = defaultdict(list)
    for text in seen.texts:
        _index(known, text)
    new = []
    for number, traits in enumerate(listed):
        candidates = (
            text
            for name in _names(traits)
            if name not in shared
            for text in reversed(known.get(name, [])[-_MAX_CANDIDATES:])
        )
        if not any(is_same_text(traits, text, shared) for text in candidates):
            new.append(number)
        _index(known, traits)
    return new


def remember(seen: SeenTexts, listed: Iterable[Traits]) -> SeenTexts:
    """Return what is remembered once Kafka has the texts of a document; what it lists is forgotten last."""
    current = dict.fromkeys(listed)
    older = [text for text in seen.texts if text not in current]
    n_texts = max(MIN_REMEMBERED, 3 * len(current))
    shared = dict.fromkeys((*seen.shared, *sorted(shared_names(current))))
    return SeenTexts(texts=[*older, *current][-n_texts:], shared=list(shared)[-n_texts:])


def _names(traits: Traits) -> tuple[str, ...]:
    return tuple(name for name in (traits.guid, traits.url, traits.title) if name is not None)


def _index(known: dict[str, list[Traits]], traits: Traits) -> None:
    for name in _names(traits):
        known[name].append(traits)
