"""Errors of the lakehouse: one family, each carrying the fields that a caller needs to act on it.

LakehouseError
├── LakeNotFoundError        no lake, or no table in it, at that location yet
├── StorageError             a location of a lake, or an option of its storage, that nothing can open
├── LayoutError              an earlier version of this code wrote the lake
├── SchemaMismatchError      a table on storage is not the table that the code defines
├── PositionConflictError    somebody else moved a table's position meanwhile
├── VersionGoneError         a version, build or file that no longer exists
├── QueryError               a question that cannot be answered, naming the parameter
├── BehindError              this process has not yet read as far as the question was pinned
├── StoriesBehindError       more texts are not assigned to stories yet than one answer assigns
├── FileGoneError            a file of a pinned snapshot was vacuumed; a fresh snapshot does not need it
├── BusyError                as many statements run as may, and the wait for one of them was not enough
├── CostError                a statement was stopped because it cost too much
├── LockedError              another run of maintenance is at work on the lake
├── RetentionRuleError       days to keep that would lose what another table still needs
├── AliasError               names of assets that texts cannot be searched for
├── SentimentModelError      a trained model, or a document about one, that cannot be used
├── MarketFileError          a file of markets that cannot be used, naming the entry
├── MissingPackageError      a package that only notebooks need is not installed
└── SettingError             a setting has a value that cannot be used
"""

from pathlib import Path


class LakehouseError(Exception):
    """Root of the errors that lakehouse raises on purpose."""


class LakeNotFoundError(LakehouseError):
    """No lake, or not that table, at a location."""

    def __init__(self, *, what: str, uri: str) -> None:
        hint = "; CRYPTOVIZ_LAKE_URI or CRYPTOVIZ_RUNTIME_DIR names another" if what == "lake" else ""
        super().__init__(f"{what} does not exist at {uri}{hint}")
        self.what = what
        self.uri = uri


class StorageError(LakehouseError):
    """A location of a lake, or an option of its storage, with which nothing can be opened."""

    def __init__(self, *, uri: str, problem: str) -> None:
        super().__init__(f"{uri}: {problem}")
        self.uri = uri
        self.problem = problem


class LayoutError(LakehouseError):
    """A lake whose served build has another layout than this code reads."""

    def __init__(self, *, uri: str, layout: int, expected: int) -> None:
        super().__init__(
            f"the lake at {uri} has layout {layout}, this code reads layout {expected}: "
            "`python -m streaming.ingest rebuild` keeps the rows that bronze holds, or begin anew in another folder"
        )
        self.uri = uri
        self.layout = layout
        self.expected = expected


class SchemaMismatchError(LakehouseError):
    """A table on storage differs from its definition in a way that cannot be read over."""

    def __init__(self, *, table: str, uri: str, problem: str) -> None:
        super().__init__(f"table {table} at {uri} is not the table this code defines: {problem}")
        self.table = table
        self.uri = uri
        self.problem = problem


class PositionConflictError(LakehouseError):
    """A commit would have advanced a position from a value that is no longer current.

    Nothing was written. Reopen the table, read its position, and decide again what is missing. ``app_id``,
    ``expected`` and ``actual`` are None where the engine does not say which position it was.
    """

    def __init__(
        self,
        *,
        table: str,
        problem: str,
        app_id: str | None = None,
        expected: int | None = None,
        actual: int | None = None,
    ) -> None:
        super().__init__(f"position of {table} moved under this writer: {problem}")
        self.table = table
        self.problem = problem
        self.app_id = app_id
        self.expected = expected
        self.actual = actual


class VersionGoneError(LakehouseError):
    """A version, build or file was there once and is gone, or never existed."""

    def __init__(self, *, table: str, requested: str, available: str) -> None:
        super().__init__(f"{table}: {requested} is gone or never existed; available: {available}")
        self.table = table
        self.requested = requested
        self.available = available


class QueryError(LakehouseError):
    """A question that cannot be answered as asked."""

    def __init__(self, *, parameter: str, problem: str, accepted: str) -> None:
        super().__init__(f"{parameter}: {problem}; accepted: {accepted}")
        self.parameter = parameter
        self.problem = problem
        self.accepted = accepted


class BehindError(LakehouseError):
    """This process has not yet read as far as a question was pinned; asking again soon may succeed."""

    def __init__(self, *, table: str, waited_seconds: float) -> None:
        super().__init__(
            f"{table} is not yet read up to the requested position here, after {waited_seconds:g} s"
        )
        self.table = table
        self.waited_seconds = waited_seconds


class StoriesBehindError(LakehouseError):
    """More texts are not assigned to stories yet than one answer assigns; the table service's next run does it."""

    def __init__(self, *, n_texts: int) -> None:
        super().__init__(
            f"{n_texts} texts are not assigned to stories yet; `python -m compaction refresh` does it"
        )
        self.n_texts = n_texts


class FileGoneError(LakehouseError):
    """A file of a pinned snapshot was removed by compaction and vacuum; a fresh snapshot does not need it."""

    def __init__(self, *, problem: str) -> None:
        super().__init__(f"a file of the snapshot is gone: {problem}")
        self.problem = problem


class BusyError(LakehouseError):
    """As many statements run as may; asking again soon may succeed."""

    def __init__(self, *, n_at_once: int, waited_seconds: float) -> None:
        super().__init__(f"{n_at_once} heavy queries run already, after {waited_seconds:g} s of waiting")
        self.n_at_once = n_at_once
        self.waited_seconds = waited_seconds


class CostError(LakehouseError):
    """A statement was stopped because it cost too much; a smaller query is needed."""

    def __init__(self, *, spent: str, accepted: str) -> None:
        super().__init__(f"the query was stopped after it had used up {spent}; ask for {accepted}")
        self.spent = spent
        self.accepted = accepted


class LockedError(LakehouseError):
    """Another run holds the lake's lock."""

    def __init__(self, *, holder: str) -> None:
        super().__init__(f"another run is at work: {holder}")
        self.holder = holder


class RetentionRuleError(LakehouseError):
    """Days to keep that are none, or with which one table would lose what another still needs."""


class AliasError(LakehouseError):
    """Aliases that no text can be searched for, or a document of them that is none."""


class SentimentModelError(LakehouseError):
    """A trained sentiment model, or a document about one, that cannot be used."""


class MarketFileError(LakehouseError):
    """A file of markets that cannot be used."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


class MissingPackageError(LakehouseError):
    """A package is needed that readers do without."""

    def __init__(self, *, package: str) -> None:
        super().__init__(
            f"{package} is not installed; `make notebook` installs it (requirements-notebooks.lock)"
        )
        self.package = package


class SettingError(LakehouseError):
    """A setting has a value that cannot be used."""

    def __init__(self, *, variable: str, problem: str) -> None:
        super().__init__(f"{variable}: {problem}")
        self.variable = variable
        self.problem = problem
