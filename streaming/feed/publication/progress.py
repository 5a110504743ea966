"""Progress of a publication: one line that rewrites itself on a terminal, a line every few seconds in a log."""

import sys
import time
from typing import TextIO


class Progress:
    """Prints how many messages were published, every few seconds; ``share`` is the finished part of the whole."""

    def __init__(self, stage: str, *, stream: TextIO | None = None) -> None:
        self.n_messages = 0
        self._stage = stage
        self._stream = stream or sys.stderr
        self._on_terminal = self._stream.isatty()
        self._period_seconds = 1.0 if self._on_terminal else 5.0
        self._start = self._last_time = time.monotonic()
        self._last_n = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    def update(self, n_messages: int, *, share: float | None = None, note: str = "") -> None:
        """Record the number of messages published so far."""
        self.n_messages = n_messages
        now = time.monotonic()
        if now - self._last_time < self._period_seconds:
            return
        rate = (n_messages - self._last_n) / (now - self._last_time)
        self._last_time, self._last_n = now, n_messages
        self._write(" ".join(filter(None, (self._line(share, rate), note))), ends=False)

    def finish(self) -> None:
        seconds = self.seconds
        rate = self.n_messages / max(seconds, 1e-9)
        self.print(f"{self._stage} done: {self.n_messages:,} messages in {seconds:.1f} s, {rate:,.1f}/s")

    def print(self, text: str) -> None:
        """Print a line of its own, which the next progress line does not overwrite."""
        self._write(text, ends=True)

    def _line(self, share: float | None, rate: float) -> str:
        if share is None:
            return f"{self._stage} {self.n_messages:,} messages {rate:,.1f}/s"
        remaining = f"{self.seconds * (1 - share) / share:.0f} s left" if share > 0 else "starting"
        return f"{self._stage} {share:4.0%} {self.n_messages:,} messages {rate:,.0f}/s {remaining}"

    def _write(self, text: str, *, ends: bool) -> None:
        if self._on_terminal:
            self._stream.write(f"\r\x1b[2Kfeed: {text}" + ("\n" if ends else ""))
        else:
            self._stream.write(f"feed: {text}\n")
        self._stream.flush()
