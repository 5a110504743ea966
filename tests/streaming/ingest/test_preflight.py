"""Ranges that Kafka no longer has and the tables lack are named exactly."""

from lakehouse.delta.position import Position, TopicPartition
from streaming.ingest.preflight import Loss, find_losses
from streaming.kafka.topics import TopicDescription

KEY = TopicPartition("id-1", 0)


def _find(*, position: int, beginning: int, topic_id: str = "id-1") -> list[Loss]:
    return find_losses(
        positions={"bronze": Position({KEY: position})},
        registered={"raw-price": "id-1"},
        described={"raw-price": TopicDescription("raw-price", topic_id, 1, "delete", "LogAppendTime")},
        beginnings={TopicPartition(topic_id, 0): beginning},
    )


def test_nothing_is_lost_where_kafka_still_has_the_next_offset() -> None:
    assert _find(position=5, beginning=5) == []


def test_expired_offsets_are_lost_up_to_the_first_that_is_kept() -> None:
    (loss,) = _find(position=5, beginning=9)

    assert (loss.from_offset, loss.to_offset, loss.cause) == (5, 9, "expired")
    assert "offsets 5 to 8: Kafka expired them" in loss.in_words()


def test_recreated_topic_is_a_loss_with_an_end_that_nobody_knows() -> None:
    (loss,) = _find(position=5, beginning=0, topic_id="id-2")

    assert (loss.from_offset, loss.to_offset, loss.cause) == (5, None, "recreated")
