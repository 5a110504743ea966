"""State of a backfill: a small file of what is published, so that a restart does not publish it again."""

import json
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path

from lakehouse.process.durable_file import replace_file


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """Interval [from_us, until_us) whose messages of this feed are all in these topics.

    ``variant`` is that of its behaviour. A topic that was deleted and created again has another id, so that its
    backfill is published again.
    """

    seed: int
    variant: str = ""
    symbols: tuple[str, ...]
    topic_ids: tuple[str, ...]
    from_us: int
    until_us: int


def read_state(path: Path | None) -> FeedState | None:
    """Return the state in the file; None where there is no readable one."""
    if path is None:
        return None
    try:
        fields = json.loads(path.read_bytes())
        lists = {name: tuple(fields[name]) for name in ("symbols", "topic_ids")}
        return FeedState(**(fields | lists))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_state(path: Path | None, state: FeedState) -> None:
    """Replace the state, atomically and durably; do nothing without a path."""
    if path is None:
        return
    replace_file(path, json.dumps(asdict(state)).encode())


def resume_us(stored: FeedState | None, required: FeedState) -> int:
    """Return where a backfill has to begin: after what is published, where that is of the same feed."""
    if stored is None:
        return required.from_us
    identity = attrgetter("seed", "variant", "symbols", "topic_ids")
    covers = stored.from_us <= required.from_us <= stored.until_us
    if identity(stored) != identity(required) or not covers:
        return required.from_us
    return min(stored.until_us, required.until_us)
