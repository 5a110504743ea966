"""Errors of this package: one root, `StreamingError`, caught at entry points only.

StreamingError
├── JavaNotFoundError        no JDK 17 or 21 on this machine
├── BrokerError              the embedded broker failed
│   ├── BrokerRunningError   another process already runs it on this directory
│   └── BrokerNotReadyError  it ended, or did not answer in time; carries the end of its log
├── KafkaUnavailableError    no broker answers at the given addresses
├── TopicError               a topic is not as it must be
│   ├── TopicNotFoundError   it does not exist
│   └── CompactedTopicError  its cleanup.policy makes offsets vanish
├── SparkSettingsError       Spark cannot start as it must, or already runs otherwise
├── SparkLostError           Spark's JVM ended under a running service
├── LabelsFileError          a file of labelled texts that cannot be used, naming the lines
├── EncoderError             the semantic scorer's model file or libraries are missing or damaged
├── NotExcludableError       a message whose result cannot be made again
└── DataLossError            Kafka no longer has what the tables have not ingested
"""

from __future__ import annotations

from pathlib import Path


class StreamingError(Exception):
    """Root of every error that this package raises."""


def to_one_line(error: BaseException) -> str:
    """Return the first line of an error that says something, without Spark's stack traces."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:400]


class JavaNotFoundError(StreamingError):
    """No usable JDK; the message is one line that says what to install."""


class BrokerError(StreamingError):
    """The embedded broker failed."""


class BrokerRunningError(BrokerError):
    """Another live process owns the broker's directory."""

    def __init__(self, directory: Path, wrapper_pid: int | None) -> None:
        self.directory = directory
        self.wrapper_pid = wrapper_pid
        owner = f"process {wrapper_pid}" if wrapper_pid is not None else "another process"
        super().__init__(f"a broker already runs on {directory} (owned by {owner})")


class BrokerNotReadyError(BrokerError):
    """The broker ended before it was ready, or did not answer in time."""

    def __init__(self, reason: str, *, log_path: Path, log_tail: str) -> None:
        self.reason = reason
        self.log_path = log_path
        self.log_tail = log_tail
        super().__init__(f"{reason}; log: {log_path}" + (f"\n{log_tail}" if log_tail else ""))


class KafkaUnavailableError(StreamingError):
    """No broker answers; worth trying again later."""

    def __init__(self, bootstrap_servers: str, reason: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.reason = reason
        super().__init__(f"no Kafka broker answers at {bootstrap_servers}: {reason}")


class TopicError(StreamingError):
    """A topic is not as it must be."""

    def __init__(self, topic: str, message: str) -> None:
        self.topic = topic
        super().__init__(message)


class TopicNotFoundError(TopicError):
    """The topic does not exist on the cluster."""

    def __init__(self, topic: str) -> None:
        super().__init__(topic, f"topic {topic} does not exist")


class CompactedTopicError(TopicError):
    """The topic is compacted, so that delivered records cannot be accounted for by their offsets."""

    def __init__(self, topic: str, cleanup_policy: str) -> None:
        self.cleanup_policy = cleanup_policy
        super().__init__(
            topic,
            f"topic {topic} has cleanup.policy={cleanup_policy}: compaction makes offsets vanish, "
            "so that `every record once` cannot be checked; use cleanup.policy=delete",
        )


class SparkSettingsError(StreamingError):
    """Spark cannot start as it must, or this process already runs it otherwise."""


class SparkLostError(StreamingError):
    """Spark's JVM ended, killed or out of memory; a new one needs a new process."""

    def __init__(self, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(f"Spark's JVM ended with code {exit_code}")


class TopicRecreatedError(TopicError):
    """A topic was deleted and created again while it was being read; nothing of the new one was ingested."""

    def __init__(self, topic: str, *, expected_id: str, current_id: str) -> None:
        self.expected_id = expected_id
        self.current_id = current_id
        super().__init__(
            topic, f"topic {topic} was created again: its id was {expected_id}, now {current_id}"
        )


class LabelsFileError(StreamingError):
    """Labelled texts that cannot be used; the message names file and lines."""


class EncoderError(StreamingError):
    """The semantic scorer cannot encode: its model file or a library is missing, or the file is damaged."""


class NotExcludableError(StreamingError):
    """A message that bronze does not hold, so that what it became cannot be made again without it."""

    def __init__(self, record_id: str) -> None:
        self.record_id = record_id
        super().__init__(f"bronze does not hold {record_id}: not ingested yet, or expired")


class DataLossError(StreamingError):
    """Kafka no longer has offsets that the tables have not ingested. Only an operator can accept that."""

    def __init__(self, ranges: list[str]) -> None:
        self.ranges = ranges
        listed = "\n  ".join(ranges)
        super().__init__(
            f"{len(ranges)} ranges are lost; accept with `python -m streaming.ingest accept-loss`:\n  {listed}"
        )
