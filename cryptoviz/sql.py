"""Command `cryptoviz sql`: a query on the tables of a lake, printed as a table, as JSON or as CSV."""

import csv
import json
import math
import os
import sys
from collections.abc import Iterator
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lakehouse.process.commands import EXIT_DONE, exit_code_of, print_error, run, single_command
from lakehouse.process.outside_text import escape_formula

if TYPE_CHECKING:
    import duckdb

PROGRAM = "cryptoviz sql"
_BATCH_ROWS = 1_000
_EPILOG = """\
Examples:
  cryptoviz sql "SHOW TABLES"
  cryptoviz sql "SELECT symbol, avg(score) FROM gold_sentiment GROUP BY symbol"
  cryptoviz sql --csv "FROM gold_price WHERE symbol = 'btc'" > prices.csv
"""


def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="SQL of DuckDB; - reads it from stdin")],
    lake: Annotated[
        str | None, typer.Option(metavar="URI", help="path or URI of the lake; default: the settings' lake")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="TIME", help="read the tables as they stood at an instant")
    ] = None,
    max_rows: Annotated[int, typer.Option(min=1, metavar="N", help="rows of the printed table")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="a JSON array with an object a row")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header")] = False,
) -> int:
    import duckdb

    from lakehouse.errors import LakehouseError

    try:
        statement = sys.stdin.read() if query == "-" else query
        connection = _connect(lake, as_of)
        if as_json:
            _print_json(connection.execute(statement))
        elif as_csv:
            _print_csv(connection.execute(statement))
        elif (relation := connection.sql(statement)) is not None:  # a statement without rows has none
            relation.show(max_rows=max_rows)
        sys.stdout.flush()
    except (LakehouseError, duckdb.Error) as error:
        print_error(PROGRAM, _to_sentence(error))
        return exit_code_of(error)
    except BrokenPipeError:  # the reader of the pipe has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_DONE


def _connect(uri: str | None, as_of: str | None) -> "duckdb.DuckDBPyConnection":
    from lakehouse import lake

    return lake.connect(as_of=as_of) if uri is None else lake.open(uri).connect(as_of=as_of)


def _print_json(result: "duckdb.DuckDBPyConnection") -> None:
    names = _to_names(result)
    print("[", end="")
    for at, row in enumerate(_to_rows(result)):
        print(",\n " if at else "", json.dumps(dict(zip(names, row, strict=True))), sep="", end="")
    print("]")


def _print_csv(result: "duckdb.DuckDBPyConnection") -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(map(escape_formula, _to_names(result)))
    while batch := result.fetchmany(_BATCH_ROWS):
        writer.writerows([_to_cell(value) for value in row] for row in batch)


def _to_names(result: "duckdb.DuckDBPyConnection") -> list[str]:
    return [name for name, *_ in result.description or ()]


def _to_rows(result: "duckdb.DuckDBPyConnection") -> Iterator[list[Any]]:
    while batch := result.fetchmany(_BATCH_ROWS):
        yield from ([_to_value(value) for value in row] for row in batch)


def _to_cell(value: Any) -> Any:
    """Return a value as CSV has it: as JSON, but for texts that a spreadsheet would take for a formula."""
    return escape_formula(value) if isinstance(value, str) else _to_value(value)


def _to_value(value: Any) -> Any:
    """Return a value as JSON has it: instants in ISO 8601, what is not a number as null.

    >>> _to_value([float("nan"), b"a", date(2026, 1, 10)])
    [None, 'a', '2026-01-10']
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, (list, tuple)):
        return [_to_value(element) for element in value]
    if isinstance(value, dict):
        return {str(key): _to_value(element) for key, element in value.items()}
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)


def _to_sentence(error: Exception) -> str:
    """Return the message of an error in one line, without DuckDB's copy of the query."""
    message, _, _ = str(error).partition("\n\nLINE ")
    return " ".join(message.split())


app = single_command(sql, description="Run a query on the tables of a lake, each a view.", epilog=_EPILOG)
main = partial(run, app, prog=PROGRAM)
