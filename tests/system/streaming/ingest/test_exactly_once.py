"""Every record is in bronze once and is exactly one of gold, quarantine or duplicate, whatever arrives how often."""

from datetime import UTC, datetime, timedelta

from lakehouse.messages.contract import MAX_VALUE_BYTES
from tests.support.messages import prediction, sentiment, to_bytes
from tests.support.record_accounting import read_table
from tests.system.streaming.ingest.conftest import Pipeline

NOW = datetime.now(UTC).replace(microsecond=0)


def test_poison_is_quarantined_with_its_rule_and_the_stream_goes_on(pipeline: Pipeline) -> None:
    good = sentiment(NOW)
    poison = {
        b"{": "malformed_json",
        to_bytes(good).replace(b"0.5", b"NaN"): "malformed_json",
        to_bytes(good | {"score": 1.7}): "out_of_range",
        to_bytes(good | {"score": "high"}): "wrong_type",
        to_bytes(good | {"v": 2}): "unknown_version",
        to_bytes(sentiment(datetime(1970, 1, 1, tzinfo=UTC))): "time_too_old",
        to_bytes(sentiment(NOW + timedelta(days=400))): "time_in_future",
        b"x" * (MAX_VALUE_BYTES * 4): "too_large",
        b"\xff\xfe": "not_utf8",
    }
    for value in poison:
        pipeline.send("analyzed-sentiment", value)
    pipeline.send("analyzed-sentiment", None)
    pipeline.send("predicted-price", to_bytes(prediction(NOW, lower=103.0)))
    pipeline.send_good(5)

    pipeline.ingest_all()

    found = sorted(read_table(pipeline.lake, "quarantine")["rule"].to_pylist())
    assert found == sorted([*poison.values(), "null_value", "interval_reversed"])
    assert read_table(pipeline.lake, "gold_sentiment").num_rows == 5


def test_same_message_hours_later_is_a_duplicate_of_the_lower_offset(pipeline: Pipeline) -> None:
    start = NOW - timedelta(hours=5)
    pipeline.send_good(20, start=start)
    pipeline.ingest_all()
    pipeline.send_good(30, start=start)

    pipeline.ingest_all()

    assert read_table(pipeline.lake, "gold_price").num_rows == 30
    assert read_table(pipeline.lake, "duplicates").num_rows == 80


def test_partition_twelve_hours_behind_loses_no_first_occurrence(pipeline: Pipeline) -> None:
    pipeline.send_good(10, start=NOW, partition=1, timestamp_ms=1)
    pipeline.ingest_all()
    pipeline.send_good(10, start=NOW - timedelta(hours=12), partition=0, timestamp_ms=4_102_444_800_000)
    pipeline.send_good(10, start=NOW - timedelta(hours=6), key="late", partition=0)

    with pipeline.running():
        pipeline.wait_accounted(120)
        queries = pipeline.spark.streams.active
        assert [query.lastProgress.stateOperators for query in queries if query.lastProgress] == [[]]
    pipeline.assert_accounted()

    assert read_table(pipeline.lake, "gold_sentiment").num_rows == 30


def test_copy_in_another_partition_is_a_duplicate_too(pipeline: Pipeline) -> None:
    pipeline.send_good(5, partition=0, start=NOW)
    pipeline.ingest_all()
    pipeline.send_good(5, partition=1, start=NOW)

    pipeline.ingest_all()

    assert read_table(pipeline.lake, "gold_prediction").num_rows == 5


def test_headers_and_unknown_fields_are_kept(pipeline: Pipeline) -> None:
    message = to_bytes(sentiment(NOW, note={"by": "desk"}))
    pipeline.send("analyzed-sentiment", message, headers=[("trace", b"\x00\x01")])
    pipeline.flush()

    pipeline.ingest_all()

    assert read_table(pipeline.lake, "gold_sentiment")["extra"].to_pylist() == ['{"note":{"by":"desk"}}']
    assert read_table(pipeline.lake, "bronze")["headers"].to_pylist() == [
        [{"key": "trace", "value": b"\x00\x01"}]
    ]


def test_small_batches_and_one_large_batch_give_the_same_gold(pipeline: Pipeline) -> None:
    pipeline.send_good(60)
    pipeline.ingest_all(max_records_per_batch=7)
    small = read_table(pipeline.lake, "gold_price").drop_columns(["ingest_time"]).sort_by("kafka_offset")
    pipeline.lake = pipeline.lake.child("again")

    pipeline.ingest_all()

    large = read_table(pipeline.lake, "gold_price").drop_columns(["ingest_time"]).sort_by("kafka_offset")
    assert large.equals(small)
