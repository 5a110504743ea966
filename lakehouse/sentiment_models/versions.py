"""History of trained sentiment models in a lake: numbered documents that add, publish and roll back.

A text is scored by the model that is published at its broker time, whenever it is analysed: so a batch that is
repeated after a crash says the same. For that a document is written ``LEAD_US`` before it counts. The newest model
that is not published runs in the shadow: its results are stored and not published.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from lakehouse.delta.numbered_documents import DocumentFollower, NumberedDocuments, retry_taken_numbers
from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import LakehouseError, SentimentModelError
from lakehouse.sentiment_models.model import SentimentModel
from lakehouse.time_range import SECOND_US, format_us, to_us

logger = logging.getLogger(__name__)

LEAD_US = 5 * SECOND_US
"""More than the clocks of this program and of brokers may differ by, and a small file may take to be written."""
DEFAULT = 0
"""Number that stands for the scorer of the code."""

FOLDER = "_catalog/sentiment_models"
ADD, PUBLISH, ROLLBACK = "add", "publish", "rollback"


class _Event(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    v: Literal[1]
    kind: Literal["add", "publish", "rollback"]
    effective_time: Annotated[datetime, msgspec.Meta(tz=True)]
    number: int = DEFAULT
    digest: str = ""
    model: dict[str, Any] | None = None
    report: dict[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEvent:
    """One document: from ``effective_us`` on a model exists (``add``), or model ``number`` is published."""

    document: int
    kind: str
    effective_us: int
    number: int
    model: SentimentModel | None = None
    report: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelHistory:
    """Events by number of their document, ascending. A model's number is that of the document that added it."""

    events: tuple[ModelEvent, ...] = ()

    @property
    def models(self) -> Mapping[int, SentimentModel]:
        """Every model by its number."""
        return {event.document: event.model for event in self.events if event.model is not None}

    def published_at(self, time_us: int) -> int:
        """Return the number of the model that scores the texts of a broker time, or DEFAULT."""
        for event in reversed(self.events):
            if event.kind != ADD and event.effective_us <= time_us:
                return event.number
        return DEFAULT

    def shadow_at(self, time_us: int) -> int:
        """Return the number of the model that runs in the shadow at a broker time; DEFAULT where none does."""
        added = [
            event.document for event in self.events if event.kind == ADD and event.effective_us <= time_us
        ]
        newest = max(added, default=DEFAULT)
        return DEFAULT if newest == self.published_at(time_us) else newest

    def before_newest(self) -> int | None:
        """Return what was published before the newest promotion that stands; None where none stands."""
        published = [DEFAULT]
        for event in self.events:
            if event.kind == PUBLISH:
                published.append(event.number)
            elif event.kind == ROLLBACK:
                published.pop()
        return published[-2] if len(published) > 1 else None


NO_MODELS = ModelHistory()


class ModelReader:
    """Follows the documents of a lake; each is read once in its life. Not thread-safe."""

    def __init__(self, location: LakeLocation) -> None:
        self.documents = NumberedDocuments(location, FOLDER)
        self._follower = DocumentFollower(
            self.documents, parse=_parse_known, refusal=SentimentModelError, refuse=_log_refusal
        )

    def refresh(self) -> ModelHistory:
        """Return all that is there by now. A malformed document counts as absent, and is logged once.

        Raises OSError or an error of the storage where it cannot be read: no text is analysed then.
        """
        return ModelHistory(self._follower.refresh())


def _parse_known(document: int, content: bytes, known: Sequence[ModelEvent]) -> ModelEvent:
    event = parse_event(document, content)
    if event.kind != ADD and event.number not in (DEFAULT, *ModelHistory(tuple(known)).models):
        raise SentimentModelError(f"there is no model {event.number} before it")
    return event


def _log_refusal(name: str, error: LakehouseError, _: Sequence[ModelEvent]) -> None:
    logger.error("sentiment model refused, what was published stays file=%s problem=%s", name, error)


def parse_event(document: int, content: bytes) -> ModelEvent:
    """Return the event that a document holds. Raises: SentimentModelError, and nothing else."""
    if document < 1:
        raise SentimentModelError("its name is not a number of at least six digits")
    try:
        event = msgspec.json.decode(content, type=_Event)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SentimentModelError(str(error)) from error
    model = None
    if event.kind == ADD:
        model = SentimentModel.parse(event.model)
        if model.digest != event.digest:
            raise SentimentModelError(f"it says {event.digest[:30]!r} and holds {model.digest}")
    return ModelEvent(
        document=document,
        kind=event.kind,
        effective_us=to_us(event.effective_time),
        number=event.number,
        model=model,
        report=event.report,
    )


class ModelRegistry:
    """Models of one lake, and what is published. ``now_us`` is the clock. Each change is one document, added whole."""

    def __init__(self, location: LakeLocation, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._reader = ModelReader(location)

    def history(self) -> ModelHistory:
        """Return all that is there by now."""
        return self._reader.refresh()

    def add(self, model: SentimentModel, report: Mapping[str, Any]) -> int:
        """Add a model with the report of its training, and return its number; it runs in the shadow from then on.

        Idempotent: a model of the same digest keeps its number.
        """

        def event() -> dict[str, Any] | int:
            same = [number for number, each in self.history().models.items() if each.digest == model.digest]
            added = {"kind": ADD, "digest": model.digest, "model": model.to_json(), "report": dict(report)}
            return same[0] if same else added

        return self._put(event)

    def publish(self, number: int, *, from_us: int | None = None) -> int:
        """Publish a model from a broker time on, by default the soonest; return that time.

        Raises: SentimentModelError for an unknown number, and for a time that texts may have already passed.
        """

        def event() -> dict[str, Any]:
            models = self.history().models
            if number not in models:
                known = ", ".join(map(str, models)) or "none"
                raise SentimentModelError(f"there is no model {number}; there are: {known}")
            if from_us is not None and from_us < self._now_us() + LEAD_US:
                raise SentimentModelError(
                    f"from {format_us(from_us)} is past or too soon: {LEAD_US // SECOND_US} s from now at least, "
                    "since earlier texts are scored already"
                )
            return {"kind": PUBLISH, "number": number, "effective_us": from_us}

        return self._effective_us(self._put(event))

    def roll_back(self) -> tuple[int, int]:
        """Publish what was published before the newest promotion; return its number and from when it counts.

        Raises: SentimentModelError where nothing was promoted.
        """

        def event() -> dict[str, Any]:
            before = self.history().before_newest()
            if before is None:
                raise SentimentModelError("no promotion stands, so there is nothing to roll back")
            return {"kind": ROLLBACK, "number": before}

        document = self._put(event)
        return self.history().published_at(self._effective_us(document)), self._effective_us(document)

    def _effective_us(self, document: int) -> int:
        return next(event.effective_us for event in self.history().events if event.document == document)

    def _put(self, to_event: Callable[[], dict[str, Any] | int]) -> int:
        """Add what the function makes of the newest history, as the next document; return its number."""
        return retry_taken_numbers()(self._try_put, to_event)

    def _try_put(self, to_event: Callable[[], dict[str, Any] | int]) -> int:
        event = to_event()
        if isinstance(event, int):
            return event
        effective_us = event.pop("effective_us", None) or self._now_us() + LEAD_US
        document = self._reader.documents.last_number + 1
        content = msgspec.json.encode({"v": 1, "effective_time": format_us(effective_us)} | event)
        parse_event(document, content)
        self._reader.documents.add(document, content)
        self._reader.refresh()
        return document
