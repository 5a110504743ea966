"""News collector: fetches a feed, publishes its new texts to raw-news, then remembers them."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from lakehouse.messages.contract import EARLIEST_EVENT_TIME, RAW_NEWS
from lakehouse.time_range import MINUTE_US, to_us
from streaming.collect import metrics
from streaming.collect.context import Context
from streaming.collect.errors import FetchError, SourceGoneError
from streaming.collect.feeds.document import FeedDocument, Item, parse_feed
from streaming.collect.feeds.fetch import Fetcher, Validators
from streaming.collect.feeds.identity import Identity, identities
from streaming.collect.http_rules import retry_wait_seconds
from streaming.collect.log_text import to_text
from streaming.collect.source import NewsSource
from streaming.kafka.messages import Message, to_rfc3339, to_value

Fields = dict[str, object]

logger = logging.getLogger(__name__)

MIN_REMEMBERED = 4_000
MAX_AHEAD_US = 5 * MINUTE_US
MAX_BACKOFF_SECONDS = 6 * 3_600.0
_EARLIEST_US = to_us(EARLIEST_EVENT_TIME)


class NewsState(msgspec.Struct, kw_only=True):
    """State of one feed. ``seen`` holds marks of texts that Kafka has, the longest unlisted first.

    ``first_seen_us`` holds the times given to texts without a time of their own, written before they are published.
    """

    configured_url: str = ""
    url: str = ""
    is_gone: bool = False
    etag: str | None = None
    last_modified: str | None = None
    n_failures: int = 0
    not_before_us: int = 0
    seen: list[str] = msgspec.field(default_factory=list)
    first_seen_us: dict[str, int] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _DatedItem:
    """A new text with the time under which it is published."""

    item: Item
    identity: Identity
    time_us: int
    dated_by: str


class NewsCollector:
    """Collector of one feed. Killed at any instant it loses nothing: a repeated text has the same message id."""

    def __init__(self, source: NewsSource, *, fetcher: Fetcher, context: Context) -> None:
        """Resume from the stored state."""
        self.name = source.source
        self._source = source
        self._fetcher = fetcher
        self._context = context
        metrics.register_source(self.name)
        self._state = context.store.read(source.source, NewsState)
        if self._state.configured_url != source.url:
            self._state = NewsState(
                configured_url=source.url,
                url=source.url,
                seen=self._state.seen,
                first_seen_us=self._state.first_seen_us,
            )

    def first_wait_seconds(self) -> float | None:
        """Return the rest of the wait that the last answer imposed; None where the source is permanently gone."""
        if self._state.is_gone:
            logger.warning("news source=%s is gone (410); remove it from the sources", self.name)
            return None
        return max(0.0, (self._state.not_before_us - self._context.clock.now_us()) / 1e6)

    def poll(self) -> float | None:
        """Fetch once and publish what is new; return the seconds until the next time, None for never."""
        start = time.monotonic()
        metrics.REQUESTS.labels(self.name).inc()
        try:
            fields, wait_seconds = self._fetch()
        except SourceGoneError as error:
            metrics.ERRORS.labels(self.name).inc()
            self._state.is_gone = True
            fields, wait_seconds = {"status": 410, "problem": f"{error}; it is not requested again"}, None
        except FetchError as error:
            fields, wait_seconds = self._handle_failure(error)
        self._context.store.write(self.name, self._state)
        next_seconds = "never" if wait_seconds is None else f"{wait_seconds:.1f}"
        seconds = time.monotonic() - start
        logger.info(
            "news source=%s %s seconds=%.3f next_seconds=%s",
            self.name,
            to_text(fields),
            seconds,
            next_seconds,
            extra=fields,
        )
        return wait_seconds

    def _fetch(self) -> tuple[Fields, float | None]:
        state = self._state
        fetched = self._fetcher.fetch(
            state.url,
            validators=Validators(etag=state.etag, last_modified=state.last_modified),
            max_bytes=self._source.max_bytes,
            timeout_seconds=self._source.timeout_seconds,
        )
        fields: Fields = {"status": fetched.status}
        validators, n_new = fetched.validators, 0
        if fetched.body is not None:
            document = parse_feed(fetched.body, content_type=fetched.content_type, url=fetched.url)
            n_new = self._publish_new(document)
            fields |= {"bytes": len(fetched.body), "items": len(document.items), "new": n_new}
            if document.problem:
                fields["problem"] = document.problem
            validators = Validators() if document.is_cut else validators
        if fetched.moved_to is not None:
            fields["moved_to"] = fetched.moved_to
            state.url = fetched.moved_to
        state.etag, state.last_modified = validators.etag, validators.last_modified
        state.n_failures = state.not_before_us = 0
        metrics.count_answer(self.name, n_new=n_new, now_seconds=self._context.clock.now_us() / 1e6)
        return fields, self._source.poll_seconds

    def _handle_failure(self, error: FetchError) -> tuple[Fields, float | None]:
        metrics.ERRORS.labels(self.name).inc()
        self._state.n_failures += 1
        wait_seconds = retry_wait_seconds(
            error,
            n_failures=self._state.n_failures,
            poll_seconds=self._source.poll_seconds,
            max_backoff_seconds=MAX_BACKOFF_SECONDS,
        )
        self._state.not_before_us = self._context.clock.now_us() + round(wait_seconds * 1e6)
        status = "none" if error.status is None else error.status
        fields: Fields = {"status": status, "failed": self._state.n_failures, "problem": error.problem}
        return fields, wait_seconds

    def _publish_new(self, document: FeedDocument) -> int:
        """Publish the texts that were not seen before, remember all, and return how many were new."""
        if document.problem is not None and not document.items:
            raise FetchError(document.problem, status=200)
        listed = list(zip(document.items, identities(document.items), strict=True))
        new = self._select_new(listed)
        if any(each.dated_by != "published" for each in new):
            self._context.store.write(
                self.name, self._state
            )  # before publishing, so that a repeat gets the same date
        for each in sorted(new, key=lambda one: one.time_us):
            self._context.sink.send(self._to_message(each))
        self._context.sink.flush()
        self._remember([identity for _, identity in listed])
        return len(new)

    def _select_new(self, listed: Sequence[tuple[Item, Identity]]) -> list[_DatedItem]:
        seen = set(self._state.seen)
        new = []
        for item, identity in listed:
            if seen.isdisjoint(identity.marks):
                time_us, dated_by = self._date(item, identity)
                new.append(_DatedItem(item=item, identity=identity, time_us=time_us, dated_by=dated_by))
            seen.update(identity.marks)
        return new

    def _date(self, item: Item, identity: Identity) -> tuple[int, str]:
        """Return the text's own time, to the millisecond; where it has no valid one, when it was first seen."""
        now_us = self._context.clock.now_us()
        own_us = item.time_us
        if own_us is not None and not _EARLIEST_US <= own_us <= now_us + MAX_AHEAD_US:
            logger.warning("news source=%s time_us=%d is not valid: %r", self.name, own_us, item.title)
            own_us = None
        if own_us is not None and item.dated_by == "published":
            return _to_milliseconds(own_us), item.dated_by
        time_us = _to_milliseconds(now_us if own_us is None else own_us)
        stored_us = self._state.first_seen_us.setdefault(identity.marks[0], time_us)
        return stored_us, "first_seen" if own_us is None else "updated"

    def _remember(self, listed: Sequence[Identity]) -> None:
        """Add the marks of texts that Kafka has; those that the feed still lists are forgotten last."""
        listed_marks = dict.fromkeys(mark for identity in listed for mark in identity.marks)
        older = [mark for mark in self._state.seen if mark not in listed_marks]
        n_marks = max(MIN_REMEMBERED, 3 * len(listed_marks))
        self._state.seen = [*older, *listed_marks][-n_marks:]
        remembered = set(self._state.seen)
        times_us = self._state.first_seen_us
        self._state.first_seen_us = {mark: us for mark, us in times_us.items() if mark in remembered}

    def _to_message(self, new: _DatedItem) -> Message:
        now_us = self._context.clock.now_us()
        value = to_value(
            RAW_NEWS,
            event_time_us=new.time_us,
            natural_key=(new.identity.name,),
            origin=self._context.origin or self._source.origin,
            source=self.name,
            dated_by=new.dated_by,
            title=new.item.title,
            summary=new.item.summary,
            url=new.item.url,
            language=new.item.language,
            guid=new.item.guid,
            collected_time=to_rfc3339(now_us),
        )
        return Message(topic=RAW_NEWS.topic, key=self.name.encode(), value=value, publish_us=now_us)


def _to_milliseconds(time_us: int) -> int:
    """Truncate to the precision of messages, so that the id agrees with the time."""
    return time_us - time_us % 1_000
