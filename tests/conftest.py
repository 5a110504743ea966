"""Marks of every test by what it needs, the guard of the unit tests, and the three sizes of generated tests."""

import atexit
import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests.support import leftovers, python_command, unit_guard
from tests.support.profiles import FULL, QUICK, SOAK

TESTS = Path(__file__).parent
SYSTEM = TESTS / "system"
SPARK_SESSION = (
    "compaction/test_spark_engine.py",
    "lakehouse/",
    "streaming/analysis/test_prediction_query.py",
    "streaming/analysis/test_sentiment.py",
    "streaming/ingest/",
    "streaming/spark/",
)
ONE_BY_ONE = ("benchmarks/", "faults/", "compaction/test_backup.py")
LONGEST_FIRST = (
    *SPARK_SESSION,
    "browser/",
    "test_stopping_spark.py",
    "test_stopping.py",
    "benchmarks/",
    "faults/",
    "live/",
    "api/",
    "streaming/broker/",
    "compaction/",
)
DISK_FIXTURES = {"tmp_path", "tmp_path_factory", "database"}

# Programs that tests start compile the project's modules anew each time where bytecode is not kept: 0.3 of 1.3 s.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# A worker a core: the threads of a linear algebra library wait for each other in loops, 14 s of processor time for 10.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile(QUICK, max_examples=25, deadline=None, derandomize=True)
# A rare counterexample belongs to who looks for it, not to whoever runs the suite next.
settings.register_profile(FULL, max_examples=100, deadline=None, derandomize=True)
# Without a database: a unit test writes no file, and what repeats a failure is printed.
settings.register_profile(SOAK, max_examples=1_000, deadline=None, database=None, print_blob=True)
settings.load_profile(QUICK)


IS_OUTERMOST_RUN = leftovers.mark_this_run()


_finished: list[pytest.Session] = []


@atexit.register  # the first one to be registered, so the last one to be called
def _end_without_finalization() -> None:
    """End without the interpreter's finalization, which takes a second and reports functions of DuckDB as leaks."""
    if _finished:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(_finished[0].exitstatus))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Keep the garbage collector from modules and test items, in which it finds nothing.

    It costs 1 s of 5 s while they are collected, and 1 s at the end of a run, which looks at all of them three times.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Fail a run that leaves processes behind, and name them; of several workers the first process looks."""
    yield
    _finished.append(session)
    python_command.end_fork_server()
    if hasattr(session.config, "workerinput") or not IS_OUTERMOST_RUN:
        return
    if processes := leftovers.wait_for_leftovers():
        print("\nleft running:", *processes, sep="\n  ")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test as one of ``unit``, ``lake`` and ``system``, before ``-m`` and xdist look at its marks."""
    if item.path.is_relative_to(SYSTEM):
        item.add_marker(pytest.mark.system)
    elif item.get_closest_marker("system") or item.get_closest_marker("lake"):
        return
    elif DISK_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
        item.add_marker(pytest.mark.unit)
    else:
        item.add_marker(pytest.mark.lake)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave soak tests out unless ``-m`` names them, and put first what takes longest."""
    if "soak" not in config.option.markexpr:
        soaks = [item for item in items if item.get_closest_marker("soak")]
        items[:] = [item for item in items if not item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=soaks)
    items.sort(key=lambda item: _turn_of(item.nodeid))


def _turn_of(nodeid: str) -> int:
    """Return the place in `LONGEST_FIRST`, so that a long group at the end leaves no worker idle."""
    path = _system_path(nodeid)
    turns = (turn for turn, prefix in enumerate(LONGEST_FIRST) if path.startswith(prefix))
    return next(turns, len(LONGEST_FIRST))


def _system_path(nodeid: str) -> str:
    return nodeid.partition("::")[0].removeprefix("tests/system/")


class _SystemScheduling(LoadScopeScheduling):
    """Scheduling that gives a worker all tests of one group, in the order of collection.

    A group is what shares the Spark session, what shares the browser, or a file. Long tests that share nothing are a
    group each.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = _system_path(nodeid)
        if path.startswith(SPARK_SESSION):
            return "spark"
        if path.startswith("browser/"):
            return "browser"
        if path.startswith("live/") and "seam" not in path:
            return "live"
        return nodeid if path.startswith(ONE_BY_ONE) else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Schedule system tests by group where ``--dist loadgroup`` asks for it.

    xdist's own groups write into the ids of tests, which pytest 9.2 no longer reads.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    config.option.loadscopereorder = False
    return _SystemScheduling(config, log)


@pytest.fixture(autouse=True)
def guard_unit_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    """Make a unit test fail that starts a process or writes a file."""
    if request.node.get_closest_marker("unit") is None:
        yield
        return
    with unit_guard.active():
        yield
