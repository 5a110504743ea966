"""Raw answers with their timing: recorded while collecting, and played back in place of the network.

A recording is a folder: `recording.jsonl` (a line for each request: instant, address, status, headers or error),
a file of raw bytes for each body, and `state`, a copy of the collector's state at its start.
"""

import json
import shutil
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from streaming.collect.clock import PlaybackClock, SystemClock
from streaming.collect.errors import PlaybackEndedError, RecordingError

INDEX_NAME = "recording.jsonl"
STATE_NAME = "state"
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAnswer:
    """One answer as it came, body still encoded; or the error that came instead."""

    at_us: int
    method: str
    url: str
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    error: str | None = None


class Recorder:
    """Writer of a recording into a new folder. A line follows its body, so an incomplete body has no line."""

    def __init__(self, directory: Path, clock: SystemClock, *, state_dir: Path | None) -> None:
        """Begin a recording. Raises: RecordingError where the folder has one already, or can have none."""
        if (directory / INDEX_NAME).exists():
            raise RecordingError(f"{directory} holds a recording already; name another folder")
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if state_dir is not None and state_dir.is_dir():
                shutil.copytree(state_dir, directory / STATE_NAME, dirs_exist_ok=True)
        except OSError as error:
            raise RecordingError(f"{directory} cannot hold a recording: {error}") from error
        self.start_us = clock.freeze()
        self._directory = directory
        self._clock = clock
        self._n_bodies = 0
        self._append({"version": _VERSION, "start_us": self.start_us})

    def add_answer(
        self, *, method: str, url: str, status: int, headers: Iterable[tuple[str, str]], body: bytes
    ) -> None:
        self._n_bodies += 1
        name = f"{self._n_bodies:06}.body"
        (self._directory / name).write_bytes(body)
        answer = RecordedAnswer(
            at_us=self._clock.freeze(),
            method=method,
            url=url,
            status=status,
            headers=tuple(headers),
            body=name,
        )
        self._append(asdict(answer))

    def add_error(self, *, method: str, url: str, error: str) -> None:
        self._append(asdict(RecordedAnswer(at_us=self._clock.freeze(), method=method, url=url, error=error)))

    def _append(self, line: dict[str, object]) -> None:
        with (self._directory / INDEX_NAME).open("a", encoding="utf-8") as index:
            index.write(json.dumps(line) + "\n")


class Playback:
    """Answers of a recording, each once and in order for its address; the clock follows them."""

    def __init__(self, directory: Path) -> None:
        """Read the recording of a folder. Raises: RecordingError."""
        try:
            first, *lines = (directory / INDEX_NAME).read_text(encoding="utf-8").splitlines()
            header = json.loads(first)
            answers = [RecordedAnswer(**json.loads(line)) for line in lines]
        except (OSError, ValueError, TypeError) as error:
            raise RecordingError(f"{directory} holds no recording: {error}") from error
        if header.get("version") != _VERSION:
            raise RecordingError(
                f"{directory}: version {header.get('version')}; {_VERSION} can be played back"
            )
        self.clock = PlaybackClock(int(header["start_us"]))
        self.state_dir = directory / STATE_NAME
        self._directory = directory
        self._remaining: dict[tuple[str, str], deque[RecordedAnswer]] = defaultdict(deque)
        for answer in answers:
            self._remaining[answer.method, answer.url].append(answer)

    def next_answer(self, *, method: str, url: str) -> tuple[RecordedAnswer, bytes]:
        """Return the next answer from that address and its raw body.

        Raises: PlaybackEndedError where none is left.
        """
        remaining = self._remaining[method, url]
        if not remaining:
            raise PlaybackEndedError(f"nothing is left of {method} {url}")
        answer = remaining.popleft()
        self.clock.set(answer.at_us)
        return answer, (self._directory / answer.body).read_bytes() if answer.body else b""
