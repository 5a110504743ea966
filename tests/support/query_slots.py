"""A slot of a session's gate that somebody holds, as a heavy query would."""

import threading

from lakehouse.engine.duckdb_session import DuckdbSession

HOLD_SECONDS = 60.0


def hold_slot(session: DuckdbSession, until: threading.Event) -> threading.Thread:
    """Return once a thread holds a slot; it releases the slot when the event is set."""
    holds = threading.Event()

    def hold() -> None:
        with session._gate.passed(session._cursor()):
            holds.set()
            until.wait(HOLD_SECONDS)

    holder = threading.Thread(target=hold)
    holder.start()
    assert holds.wait(HOLD_SECONDS)
    return holder
