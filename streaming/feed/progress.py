"""How far the feed has come: one line that rewrites itself on a terminal, a line now and then in a log."""

import sys
import time
from typing import TextIO


class Progress:
    """Says how many messages were published, every few seconds; ``share`` is what is done of the whole."""

    def __init__(self, stage: str, *, stream: TextIO | None = None) -> None:
        self.n_messages = 0
        self._stage = stage
        self._stream = stream or sys.stderr
        self._on_terminal = self._stream.isatty()
        self._every_seconds = 1.0 if self._on_terminal else 5.0
        self._began = self._said = time.monotonic()
        self._said_n = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def update(self, n_messages: int, *, share: float | None = None, note: str = "") -> None:
        """Takes the number of messages published so far."""
        self.n_messages = n_messages
        now = time.monotonic()
        if now - self._said < self._every_seconds:
            return
        rate = (n_messages - self._said_n) / (now - self._said)
        self._said, self._said_n = now, n_messages
        self._write(" ".join(filter(None, (self._line(share, rate), note))), ends=False)

    def finish(self, note: str = "") -> None:
        seconds = self.seconds
        rate = self.n_messages / max(seconds, 1e-9)
        line = f"{self._stage} done: {self.n_messages:,} messages in {seconds:.1f} s, {rate:,.1f}/s"
        self._write(" ".join(filter(None, (line, note))), ends=True)

    def say(self, text: str) -> None:
        """A line of its own, which the next progress line does not overwrite."""
        self._write(text, ends=True)

    def _line(self, share: float | None, rate: float) -> str:
        if share is None:
            return f"{self._stage} {self.n_messages:,} messages {rate:,.1f}/s"
        left = self.seconds * (1 - share) / share if share > 0 else float("nan")
        eta = f"{left:.0f} s left" if left == left else "starting"
        return f"{self._stage} {share:4.0%} {self.n_messages:,} messages {rate:,.0f}/s {eta}"

    def _write(self, text: str, *, ends: bool) -> None:
        if self._on_terminal:
            self._stream.write(f"\r\x1b[2Kfeed: {text}" + ("\n" if ends else ""))
        else:
            self._stream.write(f"feed: {text}\n")
        self._stream.flush()
