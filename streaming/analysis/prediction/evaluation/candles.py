"""Candles of one market from a file: closes by the minute, for evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from lakehouse.scores.statistics import Floats, Integers
from streaming.errors import StreamingError

_READERS = {".parquet": "read_parquet(?)", ".csv": "read_csv(?, header = true, all_varchar = true)"}
_UNITS_BY_DIGITS = {10: 1, 13: 1_000, 16: 1_000_000, 19: 1_000_000_000}


class CandleFileError(StreamingError):
    """A file of candles that cannot be read; the message says what is accepted."""


@dataclass(frozen=True, slots=True, eq=False)
class Candles:
    """Closes of one market: ``minutes`` of the epoch ascend, each once; ``closes`` are positive prices."""

    name: str
    minutes: Integers
    closes: Floats

    def __len__(self) -> int:
        return len(self.minutes)


def read_candles(path: Path) -> Candles:
    """Return the candles of a Parquet or CSV file.

    The columns ``time`` (start of the minute: a timestamp, or seconds, milli-, micro- or nanoseconds of the epoch) and
    ``close`` are read. Rows may be in any order; of two of one minute the later row counts. Rows whose close is no
    positive number are left out, as an exchange would leave them out.

    Raises: CandleFileError.
    """
    columns = _read(path, "close")
    minutes, closes = _to_minutes(path, columns["time"]), columns["close"].astype(np.float64)
    valid = np.isfinite(closes) & (closes > 0)
    last_of_minute = dict(zip(minutes[valid].tolist(), closes[valid].tolist(), strict=True))
    if not last_of_minute:
        raise CandleFileError(f"{path}: no row has a positive close")
    ordered = sorted(last_of_minute)
    return Candles(
        path.stem, np.array(ordered, dtype=np.int64), np.array([last_of_minute[one] for one in ordered])
    )


def read_times(path: Path) -> Integers:
    """Return the minutes of the epoch at which texts were published, ascending: column ``time`` of a file as above.

    Raises: CandleFileError.
    """
    return np.sort(_to_minutes(path, _read(path, "time")["time"]))


def _read(path: Path, column: str) -> dict[str, npt.NDArray[Any]]:
    reader = _READERS.get(path.suffix)
    if reader is None:
        raise CandleFileError(f"{path}: candles are read from {' or '.join(_READERS)} files")
    if not path.is_file():
        raise CandleFileError(f"{path}: no such file")
    try:
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(_QUERY.format(reader=reader, column=column), [str(path)]).fetchnumpy()
    except duckdb.Error as error:
        raise CandleFileError(
            f"{path}: {str(error).splitlines()[0]}; accepted: columns time and close; of texts, time"
        ) from error


_QUERY = """
WITH rows AS (SELECT "time"::VARCHAR AS written, TRY_CAST("{column}" AS DOUBLE) AS "close" FROM {reader})
SELECT coalesce(TRY_CAST(written AS DOUBLE)::BIGINT, epoch_us(TRY_CAST(written AS TIMESTAMPTZ)), 0) AS "time",
       coalesce("close", 0) AS "close"
FROM rows
"""


def _to_minutes(path: Path, times: npt.NDArray[np.int64]) -> Integers:
    """Return minutes of the epoch; the unit follows from the number of digits."""
    n_digits = len(str(int(np.median(times)))) if len(times) else 0
    unit = _UNITS_BY_DIGITS.get(n_digits)
    if unit is None or not np.all(times > 0):
        raise CandleFileError(
            f"{path}: column time holds timestamps, or seconds, milli-, micro- or nanoseconds of the epoch"
        )
    return times // (60 * unit)
