"""The producer sends until it is acknowledged, waits for brokers and topics, and stops waiting when it is asked to."""

import threading
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from lakehouse.process.stopping import NEVER, StopRequestedError
from streaming.errors import KafkaUnavailableError, TopicNotFoundError
from streaming.kafka import producer as producer_module
from streaming.kafka import retries
from streaming.kafka.messages import Message
from streaming.kafka.producer import Publisher, open_publisher


class FakeFuture:
    def __init__(self, exception: Exception | None) -> None:
        self.is_done = True
        self.exception = exception

    def succeeded(self) -> bool:
        return self.exception is None


class FakeProducer:
    """A broker with one prepared answer a send, and then success."""

    answers: list[Exception | None]
    sent: list[bytes]

    def __init__(self, **config: Any) -> None:
        self.config = config

    def send(self, topic: str, *, value: bytes, key: bytes) -> FakeFuture:
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, KafkaTimeoutError):
            raise answer
        self.sent.append(value)
        return FakeFuture(answer)

    def partitions_for(self, topic: str) -> set[int]:
        return {0} if topic == "raw-price" else set()

    def bootstrap_connected(self) -> bool:
        return True

    def close(self, timeout: float) -> None: ...


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> type[FakeProducer]:
    FakeProducer.answers, FakeProducer.sent = [], []
    monkeypatch.setattr(producer_module, "KafkaProducer", FakeProducer)
    monkeypatch.setattr(retries, "pause", lambda *_: None)
    return FakeProducer


def message(value: bytes) -> Message:
    return Message(topic="raw-price", key=b"btc", value=value, publish_us=0)


def open_one() -> Publisher:
    return Publisher({"bootstrap_servers": ["k:9092"]})


def test_a_failed_send_is_repeated_until_it_is_acknowledged(producer: type[FakeProducer]) -> None:
    producer.answers = [None, KafkaTimeoutError("no leader"), None, RuntimeError("lost")]
    publisher = open_one()

    for value in (b"1", b"2", b"3"):
        publisher.send(message(value))
    publisher.flush()

    assert producer.sent == [b"1", b"2", b"3", b"3"]
    assert (publisher.n_acknowledged, publisher.n_pending) == (3, 0)


def test_flush_waits_for_a_broker_that_takes_longer_than_one_look(
    producer: type[FakeProducer], monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = open_one()
    publisher.send(message(b"1"))
    (_, future), looks = publisher._pending[0], []
    future.is_done = False

    def flush(_: FakeProducer, timeout: float) -> None:
        looks.append(timeout)
        future.is_done = len(looks) == 3
        if not future.is_done:
            raise KafkaTimeoutError("Timeout waiting for future")

    monkeypatch.setattr(FakeProducer, "flush", flush, raising=False)
    publisher.flush()

    assert (len(looks), publisher.n_acknowledged, publisher.n_pending) == (3, 1, 0)


def test_closing_beside_a_broker_that_does_not_answer_says_what_is_left(
    producer: type[FakeProducer], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def close(_: FakeProducer, timeout: float) -> None:
        raise KafkaTimeoutError("Timeout waiting for future")

    monkeypatch.setattr(FakeProducer, "close", close)
    publisher = open_one()
    publisher.send(message(b"1"))
    publisher.close(timeout_seconds=2.0)

    assert "1 messages were not acknowledged within 2 s" in caplog.text


def test_a_value_that_the_broker_refuses_for_its_size_is_left(producer: type[FakeProducer]) -> None:
    producer.answers = [MessageSizeTooLargeError("big"), None]
    publisher = open_one()

    publisher.send(message(b"big"))
    publisher.send(message(b"small"))
    publisher.flush()

    assert (publisher.n_acknowledged, publisher.n_refused) == (1, 1)


def test_an_absent_topic_is_named(producer: type[FakeProducer]) -> None:
    with pytest.raises(TopicNotFoundError, match="topic nowhere does not exist"):
        open_one().check_topics(["raw-price", "nowhere"])


def test_an_absent_broker_is_reported_and_tried_again(
    producer: type[FakeProducer], monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = [KafkaUnavailableError("k:9092", "refused"), TopicNotFoundError("raw-price")]
    monkeypatch.setattr(
        Publisher, "check_topics", lambda *_: (_ for _ in ()).throw(problems.pop(0)) if problems else None
    )
    reported: list[str] = []

    open_publisher({"bootstrap_servers": ["k:9092"]}, ["raw-price"], report=reported.append)

    assert reported == [
        "no Kafka broker answers at k:9092: refused; trying again in 1 s",
        "topic raw-price does not exist; trying again in 2 s",
    ]


def test_waits_grow_to_a_quarter_of_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    errors = [KafkaUnavailableError("k:9092", "refused")] * 6
    monkeypatch.setattr(retries, "pause", lambda _, seconds: waits.append(seconds))

    def fail_six_times() -> int:
        if errors:
            raise errors.pop()
        return 7

    retry = retries.retry_until_stopped(KafkaUnavailableError, report=lambda _: None, stopping=NEVER)

    assert retry(fail_six_times) == 7
    assert waits == [1, 2, 4, 8, 15, 15]


def test_wait_for_a_broker_ends_when_the_program_is_asked_to_stop() -> None:
    stopping = threading.Event()
    stopping.set()

    def fail() -> None:
        raise KafkaUnavailableError("k:9092", "refused")

    retry = retries.retry_until_stopped(KafkaUnavailableError, report=lambda _: None, stopping=stopping)

    with pytest.raises(StopRequestedError):
        retry(fail)


def test_flush_ends_when_the_program_is_asked_to_stop(producer: type[FakeProducer]) -> None:
    stopping = threading.Event()
    publisher = Publisher({"bootstrap_servers": ["k:9092"]}, stopping=stopping)
    publisher.send(message(b"1"))
    publisher._pending[0][1].is_done = False
    stopping.set()

    with pytest.raises(StopRequestedError):
        publisher.flush()
