"""Rules of the quarantine: the ways in which a message can fail validation."""

from collections.abc import Mapping

from lakehouse.messages.contract import (
    CONTRACT_VERSION,
    EARLIEST_EVENT_TIME,
    MAX_EVENT_AGE,
    MAX_FUTURE,
    MAX_NESTING,
    MAX_VALUE_BYTES,
    UNSCORED,
    UNSURE,
)
from lakehouse.messages.contract_field import LEAST_MAGNITUDE, MOST_MAGNITUDE

NO_BROKER_TIME = "no_broker_time"
UNREADABLE = "unreadable"

RULES: Mapping[str, str] = {
    "null_value": "the message has no value (a tombstone)",
    "too_large": f"the value is longer than {MAX_VALUE_BYTES} bytes",
    "not_utf8": "the value is not UTF-8",
    "too_deep": f"arrays and objects are nested deeper than {MAX_NESTING}",
    "malformed_json": "the value is not one JSON text, or has a number no double can hold",
    "not_an_object": "the value is JSON, but not an object",
    "unknown_version": f"v is not {CONTRACT_VERSION}",
    "missing_field": "a required field is absent or null",
    "wrong_type": "a field has another JSON type",
    "not_finite": "a number is too large for a double",
    "out_of_range": "a number is outside its range",
    "implausible_number": (
        "a price or an amount has a magnitude that none has: not 0, and outside of "
        f"{LEAST_MAGNITUDE:g} to {MOST_MAGNITUDE:g}; or it is negative zero"
    ),
    "bad_format": "a string does not match its pattern, list or length",
    "bad_time": "a time is not RFC 3339 in UTC",
    NO_BROKER_TIME: "the producer sent no timestamp, and the topic takes those of producers (CreateTime)",
    "time_too_old": f"the event time is before {EARLIEST_EVENT_TIME:%Y-%m-%d}",
    "time_in_future": f"the event time is over {MAX_FUTURE.seconds // 60} minutes after the broker's",
    "event_too_old": f"the event time is over {MAX_EVENT_AGE.days} days before the broker's",
    "score_contradicts_label": f"score is null and label is neither {UNSCORED} nor {UNSURE}, or the other way round",
    "probabilities_contradict": "one of the probabilities is given without the others, or their sum is not 1",
    "interval_reversed": "lower is above upper",
    "interval_incomplete": "one of lower and upper is given without the other",
    "horizon_mismatch": "target_time is not made_at + horizon",
    "quantiles_disagree": "levels do not ascend, values descend, or there are not as many of both",
    "moves_disagree": "thresholds of moves do not ascend, or their probabilities do",
    "id_mismatch": "message_id does not begin with the message's own key and event time",
    "key_mismatch": "the Kafka key is not the message's own, so copies may land in different partitions",
    UNREADABLE: "validation failed in a way that no other rule names",
}
"""{rule: when a message violates it}"""
