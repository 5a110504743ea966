"""What was published already: a small file, so that a feed started again does not repeat its backfill."""

import json
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path

from lakehouse.process.durable_file import replace_file


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """Every message of this feed that was due in [from_us, until_us) is in these topics.

    A topic that was deleted and made again has another id, so that its backfill is published again.
    """

    seed: int
    link: float = 0.0
    symbols: tuple[str, ...]
    topic_ids: tuple[str, ...]
    from_us: int
    until_us: int


def read_state(path: Path | None) -> FeedState | None:
    """The state in the file; None where there is no file, or not one that this code wrote."""
    if path is None:
        return None
    try:
        fields = json.loads(path.read_bytes())
        lists = {name: tuple(fields[name]) for name in ("symbols", "topic_ids")}
        return FeedState(**(fields | lists))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_state(path: Path | None, state: FeedState) -> None:
    """Atomic and durable: after a crash the file holds this state or the one before."""
    if path is None:
        return
    replace_file(path, json.dumps(asdict(state)).encode())


def resume_us(state: FeedState | None, wanted: FeedState) -> int:
    """Where a backfill has to begin: after what is published, if that is the same feed."""
    if state is None:
        return wanted.from_us
    which = attrgetter("seed", "link", "symbols", "topic_ids")
    covers = state.from_us <= wanted.from_us <= state.until_us
    return (
        min(state.until_us, wanted.until_us) if which(state) == which(wanted) and covers else wanted.from_us
    )
