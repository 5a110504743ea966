"""The producer beside a real broker that stands still."""

import os
import signal
import threading
import time

from lakehouse.messages.contract import RAW_PRICE
from streaming.broker.embedded import EmbeddedBroker
from streaming.kafka.messages import Message
from streaming.kafka.producer import Publisher
from streaming.kafka.topics import create_topics
from tests.support.shared_broker import without_topics

STANDSTILL_SECONDS = 3.0  # three looks of a flush


def test_flush_outlasts_a_broker_that_stands_still(broker_of_worker: EmbeddedBroker) -> None:
    broker = without_topics(broker_of_worker)
    create_topics({"bootstrap_servers": broker.bootstrap}, (RAW_PRICE.topic,))
    publisher = Publisher({"bootstrap_servers": [broker.bootstrap]})
    message = Message(topic=RAW_PRICE.topic, key=b"btc", value=b"{}", publish_us=time.time_ns() // 1_000)
    publisher.send(message)
    publisher.flush()
    pid = broker.pid
    assert pid is not None
    go_on = threading.Timer(STANDSTILL_SECONDS, os.kill, (pid, signal.SIGCONT))
    os.kill(pid, signal.SIGSTOP)
    go_on.start()
    try:
        for _ in range(10):
            publisher.send(message)
        publisher.flush()
    finally:
        go_on.join()
    publisher.close()

    assert (publisher.n_acknowledged, publisher.n_pending) == (11, 0)
