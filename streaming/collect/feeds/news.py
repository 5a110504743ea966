"""News collector: fetches a feed, publishes its new texts to raw-news, then remembers them."""

import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from lakehouse.messages.contract import EARLIEST_EVENT_TIME, RAW_NEWS
from lakehouse.process.stopping import StopRequestedError
from lakehouse.time_range import MINUTE_US, to_us
from streaming.collect import metrics
from streaming.collect.context import Context
from streaming.collect.errors import FetchError, PlaybackEndedError, SourceGoneError
from streaming.collect.feeds.document import parse_feed
from streaming.collect.feeds.fetch import Fetched, Fetcher, Validators
from streaming.collect.feeds.identity import Traits, name_of, traits_of
from streaming.collect.feeds.item import FeedDocument, Item
from streaming.collect.feeds.seen_texts import SeenTexts, remember, select_new
from streaming.collect.log_text import to_text
from streaming.collect.network.http_rules import remaining_wait_seconds, retry_wait_seconds
from streaming.collect.source import NewsSource
from streaming.kafka.messages import Message, to_rfc3339, to_value

Fields = dict[str, object]

logger = logging.getLogger(__name__)

MAX_AHEAD_US = 5 * MINUTE_US
MAX_BACKOFF_SECONDS = 6 * 3_600.0
_EARLIEST_US = to_us(EARLIEST_EVENT_TIME)
_MAX_PROBLEM = 300


class NewsState(msgspec.Struct, kw_only=True):
    """State of one feed.

    ``first_seen_us`` holds the times given to listed texts without a time of their own, by a digest of their name,
    written before they are published.
    """

    configured_url: str = ""
    url: str = ""
    is_gone: bool = False
    etag: str | None = None
    last_modified: str | None = None
    n_failures: int = 0
    not_before_us: int = 0
    wait_seconds: float = 0.0
    seen_texts: SeenTexts = msgspec.field(default_factory=SeenTexts)
    first_seen_us: dict[str, int] = msgspec.field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class _Poll:
    """An answer as it was read: its document, all that it lists, and the messages of new texts by time."""

    fetched: Fetched
    document: FeedDocument | None = None
    listed: Sequence[Traits] = ()
    names: Sequence[str] = ()
    messages: Sequence[Message] = ()
    failures: Sequence[Exception] = ()


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
                seen_texts=self._state.seen_texts,
                first_seen_us=self._state.first_seen_us,
            )

    def first_wait_seconds(self) -> float | None:
        """Return the rest of the wait that the last answer imposed; None where the source is permanently gone."""
        if self._state.is_gone:
            logger.warning("news source=%s is gone (410); remove it from the sources", self.name)
            return None
        return remaining_wait_seconds(
            not_before_us=self._state.not_before_us,
            wait_seconds=self._state.wait_seconds,
            now_us=self._context.clock.now_us(),
        )

    def poll(self) -> float | None:
        """Fetch once and publish what is new; return the seconds until the next time, None for never.

        Whatever the source's answer raises is a failure of this source, with its backoff. Raises what the sink and the
        state's file raise.
        """
        start = time.monotonic()
        metrics.REQUESTS.labels(self.name).inc()
        try:
            read = self._read()
        except SourceGoneError as error:
            metrics.ERRORS.labels(self.name).inc()
            self._state.is_gone = True
            fields, wait_seconds = {"status": 410, "problem": f"{error}; it is not requested again"}, None
        except FetchError as error:
            fields, wait_seconds = self._handle_failure(error)
        else:
            fields, wait_seconds = self._publish(read)
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

    def _read(self) -> _Poll:
        """Fetch and read an answer. Raises: FetchError for whatever it raises; SourceGoneError."""
        fetched: Fetched | None = None
        try:
            fetched = self._fetcher.fetch(
                self._source,
                self._state.url,
                validators=Validators(etag=self._state.etag, last_modified=self._state.last_modified),
            )
            return self._to_poll(fetched)
        except (FetchError, PlaybackEndedError, StopRequestedError):
            raise
        except Exception as error:
            logger.debug("news source=%s could not be read", self.name, exc_info=True)
            # What was sent with the request may be what raised: the next one asks anew.
            self._state.etag = self._state.last_modified = None
            raise FetchError(_describe(error), status=fetched.status if fetched else None) from error

    def _to_poll(self, fetched: Fetched) -> _Poll:
        if fetched.body is None:
            return _Poll(fetched=fetched)
        document = parse_feed(fetched.body, content_type=fetched.content_type, url=fetched.url)
        if document.problem is not None and not document.items:
            raise FetchError(document.problem, status=fetched.status)
        listed = [traits_of(item) for item in document.items]
        poll = _Poll(
            fetched=fetched,
            document=document,
            listed=listed,
            names=[_name_digest(item) for item in document.items],
        )
        self._add_messages(poll, [document.items[at] for at in select_new(self._state.seen_texts, listed)])
        return poll

    def _add_messages(self, poll: _Poll, new: Sequence[Item]) -> None:
        """Add the messages of new texts, in order of time; a text that raises is a failure of its own."""
        assert poll.document is not None
        messages: list[tuple[int, Message]] = []
        failures = list(poll.document.failures)
        for item in new:
            try:
                time_us, dated_by = self._date(item, sent_us=poll.fetched.sent_us)
                messages.append((time_us, self._to_message(item, time_us=time_us, dated_by=dated_by)))
            except Exception as error:  # noqa: BLE001 - whatever one item raises
                failures.append(error)
        poll.messages = [message for _, message in sorted(messages, key=lambda dated: dated[0])]
        poll.failures = failures

    def _publish(self, poll: _Poll) -> tuple[Fields, float | None]:
        """Publish the texts that are new, and remember all once Kafka has them."""
        state, fetched = self._state, poll.fetched
        fields: Fields = {"status": fetched.status}
        validators = fetched.validators
        if poll.document is not None:
            if poll.messages and state.first_seen_us:
                self._context.store.write(self.name, state)  # before publishing: a repeat gets the same date
            for message in poll.messages:
                self._context.sink.send(message)
            self._context.sink.flush()
            state.seen_texts = remember(state.seen_texts, poll.listed)
            listed = set(poll.names)
            state.first_seen_us = {name: us for name, us in state.first_seen_us.items() if name in listed}
            fields |= self._describe_poll(poll)
            validators = Validators() if poll.document.is_cut else validators
        if fetched.moved_to is not None:
            fields["moved_to"] = fetched.moved_to
            state.url = fetched.moved_to
        state.etag, state.last_modified = validators.etag, validators.last_modified
        state.n_failures = state.not_before_us = 0
        now_seconds = self._context.clock.now_us() / 1e6
        metrics.count_answer(self.name, n_new=len(poll.messages), now_seconds=now_seconds)
        return fields, self._source.poll_seconds

    def _describe_poll(self, poll: _Poll) -> Fields:
        """Return the log fields of an answer with a document, and count what of it could not be published."""
        assert poll.document is not None
        n_items, n_bytes = len(poll.document.items), len(poll.fetched.body or b"")
        fields: Fields = {"bytes": n_bytes, "items": n_items, "new": len(poll.messages)}
        if poll.document.problem:
            fields["problem"] = poll.document.problem[:_MAX_PROBLEM]
        for error in poll.failures:
            metrics.REFUSED.labels(self.name).inc()
            logger.debug("news source=%s item could not be read", self.name, exc_info=error)
        if poll.failures:
            fields |= {"refused": len(poll.failures), "problem": _describe(poll.failures[0])}
        return fields

    def _handle_failure(self, error: FetchError) -> tuple[Fields, float | None]:
        metrics.ERRORS.labels(self.name).inc()
        self._state.n_failures += 1
        wait_seconds = retry_wait_seconds(
            error,
            n_failures=self._state.n_failures,
            poll_seconds=self._source.poll_seconds,
            max_backoff_seconds=MAX_BACKOFF_SECONDS,
        )
        self._state.wait_seconds = wait_seconds
        self._state.not_before_us = self._context.clock.now_us() + round(wait_seconds * 1e6)
        status = "none" if error.status is None else error.status
        problem = error.problem[:_MAX_PROBLEM]
        fields: Fields = {"status": status, "failed": self._state.n_failures, "problem": problem}
        return fields, wait_seconds

    def _date(self, item: Item, *, sent_us: int | None) -> tuple[int, str]:
        """Return the text's own time, to the millisecond; where it has no valid one, when it was first seen.

        A time is valid up to five minutes ahead of this machine's clock or of the server's: this one may be slow.
        """
        now_us = self._context.clock.now_us()
        own_us, latest_us = item.time_us, max(now_us, sent_us or 0) + MAX_AHEAD_US
        if own_us is not None and not _EARLIEST_US <= own_us <= latest_us:
            logger.warning("news source=%s time_us=%d is not valid: %r", self.name, own_us, item.title)
            own_us = None
        is_dated_before = _name_digest(item) in self._state.first_seen_us  # and perhaps published so
        if own_us is not None and item.dated_by == "published" and not is_dated_before:
            return _to_milliseconds(own_us), item.dated_by
        time_us = _to_milliseconds(now_us if own_us is None else own_us)
        stored_us = self._state.first_seen_us.setdefault(_name_digest(item), time_us)
        return stored_us, "first_seen" if own_us is None else "updated"

    def _to_message(self, item: Item, *, time_us: int, dated_by: str) -> Message:
        now_us = self._context.clock.now_us()
        value = to_value(
            RAW_NEWS,
            event_time_us=time_us,
            natural_key=name_of(item),
            origin=self._context.origin or self._source.origin,
            source=self.name,
            dated_by=dated_by,
            title=item.title,
            summary=item.summary,
            url=item.url,
            language=item.language,
            guid=item.guid,
            collected_time=to_rfc3339(now_us),
        )
        return Message(topic=RAW_NEWS.topic, key=self.name.encode(), value=value, publish_us=now_us)


def _name_digest(item: Item) -> str:
    return hashlib.sha256("\0".join(name_of(item)).encode("utf-8", "replace")).hexdigest()[:16]


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_MAX_PROBLEM]


def _to_milliseconds(time_us: int) -> int:
    """Truncate to the precision of messages, so that the id agrees with the time."""
    return time_us - time_us % 1_000
