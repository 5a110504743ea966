"""Nothing is lost and nothing comes twice: lost checkpoints, lost offsets, recreated topics, two ingesters."""

import shutil

import pytest
from kafka import KafkaAdminClient, TopicPartition

from lakehouse.delta.catalog import Catalog
from streaming.errors import CompactedTopicError, DataLossError
from streaming.ingest.rebuild import rebuild
from streaming.kafka.topics import create_topics
from tests.support.record_accounting import read_delivered, read_table
from tests.support.waiting import wait_until
from tests.system.streaming.ingest.conftest import Pipeline


def test_checkpoint_lost_while_running_is_no_loss(pipeline: Pipeline) -> None:
    pipeline.send_good(20, key="a")
    with pipeline.running():
        pipeline.wait_accounted(80)
        shutil.rmtree(pipeline.directory / "checkpoints")
        pipeline.send_good(20, key="b")
        pipeline.wait_accounted(160)
    pipeline.assert_accounted()


def test_checkpoint_lost_between_runs_is_no_loss(pipeline: Pipeline) -> None:
    pipeline.send_good(20, key="a")
    pipeline.ingest_all()
    shutil.rmtree(pipeline.directory / "checkpoints")
    pipeline.send_good(20, key="b")

    pipeline.ingest_all()

    assert read_table(pipeline.lake, "gold_price").num_rows == 40


def test_expired_offsets_stop_ingestion_with_the_exact_range_until_accepted(pipeline: Pipeline) -> None:
    pipeline.send_good(10, key="a", partition=0)
    pipeline.ingest_all()
    pipeline.send_good(10, key="b", partition=0)
    _expire(pipeline, "raw-price", before_offset=15)

    with pytest.raises(
        DataLossError,
        match=r"table=gold_price topic=raw-price .* partition=0 offsets 10 to 14: Kafka expired",
    ):
        pipeline.service().run()
    assert pipeline.accept_losses(dry_run=True) == pipeline.accept_losses(dry_run=True)
    accepted = pipeline.accept_losses()
    pipeline_lost = {(loss.table, loss.from_offset, loss.to_offset) for loss in accepted}
    assert pipeline_lost == {(name, 10, 15) for name in ("gold_price", "quarantine", "duplicates", "bronze")}
    with pipeline.running():
        wait_until(lambda: read_table(pipeline.lake, "gold_price").num_rows == 15, "the rest of raw-price")
        wait_until(lambda: read_table(pipeline.lake, "bronze").num_rows == 75, "bronze")

    losses = read_table(pipeline.lake, "losses").to_pylist()
    assert {(row["table_name"], row["reason"]) for row in losses} == {
        (loss.table, "disk was full") for loss in accepted
    }
    assert pipeline.accept_losses() == []


def test_recreated_topic_stops_ingestion_until_accepted(pipeline: Pipeline) -> None:
    pipeline.send_good(10, key="a")
    pipeline.ingest_all()
    pipeline.recreate("analyzed-sentiment")
    pipeline.new_producer()
    pipeline.send_good(30, key="b")

    with pytest.raises(
        DataLossError, match=r"topic=analyzed-sentiment .* the topic was deleted and created again"
    ):
        pipeline.service().run()
    assert read_table(pipeline.lake, "gold_sentiment").num_rows == 10
    pipeline.accept_losses()
    with pipeline.running():
        wait_until(lambda: read_table(pipeline.lake, "gold_sentiment").num_rows == 40, "the new topic's rows")
        wait_until(lambda: read_table(pipeline.lake, "bronze").num_rows == 160, "bronze")

    assert read_table(pipeline.lake, "duplicates").num_rows == 0


def test_topic_recreated_while_running_takes_nothing_from_the_new_one(pipeline: Pipeline) -> None:
    pipeline.send_good(10, key="a")
    with pytest.raises(DataLossError):
        _recreate_while_running(pipeline)
    assert read_table(pipeline.lake, "gold_price").num_rows == 10


def test_rebuild_gives_the_rows_of_the_stream_and_the_stream_goes_on_in_the_new_build(
    pipeline: Pipeline,
) -> None:
    pipeline.send_good(40, key="a")
    pipeline.send_good(40, key="a", partition=1)
    pipeline.send("raw-price", b"poison")
    pipeline.ingest_all()
    names = ("gold_sentiment", "gold_prediction", "gold_price", "quarantine", "duplicates")
    before = {name: _comparable(pipeline, name) for name in names}
    old = Catalog(pipeline.lake).current_build()

    with pipeline.running():
        new = rebuild(
            lake=pipeline.lake,
            reason="test",
            progress=lambda line: None,
            runtime_dir=pipeline.lake.to_path().parent,
        )
        assert {name: _comparable(pipeline, name) for name in names} == before
        pipeline.send_good(10, key="c")
        pipeline.wait_accounted(len(read_delivered(pipeline.broker.bootstrap)))
    pipeline.assert_accounted()

    assert (old.number, new.number) == (1, 2)
    assert new.build_id != old.build_id


def test_two_ingesters_on_one_lake_take_each_record_once(pipeline: Pipeline) -> None:
    with pipeline.running(), pipeline.running(checkpoint_dir=pipeline.directory / "other"):
        for round_number in range(5):
            pipeline.send_good(10, key=f"r{round_number}-")
            pipeline.wait_accounted(40 * (round_number + 1))
        wait_until(lambda: read_table(pipeline.lake, "bronze").num_rows == 200, "bronze")
    pipeline.assert_accounted()


def test_compacted_topic_is_refused_with_the_reason(pipeline: Pipeline) -> None:
    admin = KafkaAdminClient(bootstrap_servers=pipeline.broker.bootstrap)
    admin.delete_topics(["raw-price"])
    wait_until(lambda: "raw-price" not in admin.list_topics(), "the topic to be gone")
    admin.create_topics({"raw-price": {"num_partitions": 1, "configs": {"cleanup.policy": "compact"}}})
    admin.close()

    with pytest.raises(CompactedTopicError, match="compaction makes offsets vanish"):
        pipeline.service().run()


def test_absent_topic_is_named_and_waited_for(pipeline: Pipeline, caplog: pytest.LogCaptureFixture) -> None:
    admin = KafkaAdminClient(bootstrap_servers=pipeline.broker.bootstrap)
    admin.delete_topics(["raw-price"])
    wait_until(lambda: "raw-price" not in admin.list_topics(), "the topic to be gone")
    admin.close()

    with caplog.at_level("WARNING", logger="streaming.ingest.run"), pipeline.running():
        wait_until(lambda: "topic raw-price does not exist" in caplog.text, "a line that names the topic")
        create_topics(pipeline.kafka.for_kafka_python())
        pipeline.new_producer()
        pipeline.send_good(5)
        pipeline.wait_accounted(20)


def _expire(pipeline: Pipeline, topic: str, *, before_offset: int) -> None:
    pipeline.flush()
    admin = KafkaAdminClient(bootstrap_servers=pipeline.broker.bootstrap)
    admin.delete_records({TopicPartition(topic, 0): before_offset})
    admin.close()


def _recreate_while_running(pipeline: Pipeline) -> None:
    with pipeline.running() as service:
        pipeline.wait_accounted(40)
        pipeline.recreate("raw-price")
        pipeline.new_producer()
        pipeline.send_good(50, key="b")
        wait_until(lambda: service.has_ended, "ingestion to stop by itself")


def _comparable(pipeline: Pipeline, name: str) -> list[dict[str, object]]:
    rows = read_table(pipeline.lake, name).drop_columns(["ingest_time"])
    order = [("topic_id", "ascending"), ("kafka_partition", "ascending"), ("kafka_offset", "ascending")]
    return rows.sort_by(order).to_pylist()
