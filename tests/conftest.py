"""Marks of every test by what it needs, the guard of the unit tests, and the two sizes of generated tests."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests.support import leftovers, python_command, unit_guard
from tests.support.profiles import FULL, QUICK

TESTS = Path(__file__).parent
SYSTEM = TESTS / "system"
STARTS_SPARK = (
    "benchmarks/test_pipelines.py",
    "compaction/test_backup.py",
    "compaction/test_spark_engine.py",
    "faults/",
    "lakehouse/",
    "streaming/analysis/",
    "streaming/broker/test_security.py",
    "streaming/ingest/",
    "streaming/spark/",
    "test_prometheus.py",
    "test_stopping.py",
)
DISK_FIXTURES = {"tmp_path", "tmp_path_factory", "database"}

settings.register_profile(QUICK, max_examples=25, deadline=None, derandomize=True)
settings.register_profile(FULL, max_examples=100, deadline=None)
settings.load_profile(QUICK)


IS_OUTERMOST_RUN = leftovers.mark_this_run()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without the garbage collector, which finds nothing among modules and test items: 1 s of 5 s."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Fail a run that leaves processes behind, and name them; of several workers the first process looks."""
    yield
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
    """Leave soak tests out unless ``-m`` names them."""
    if "soak" not in config.option.markexpr:
        soaks = [item for item in items if item.get_closest_marker("soak")]
        items[:] = [item for item in items if not item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=soaks)


class _SystemScheduling(LoadScopeScheduling):
    """Scheduling that gives a worker all tests of one group: those that start Spark, those of the browser, or a file.

    Two Sparks at once are too much for two cores, and one session and one browser serve a whole run.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::")[0].removeprefix("tests/system/")
        if path.startswith(STARTS_SPARK):
            return "spark"
        return "browser" if path.startswith("browser/") else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Schedule system tests by group where ``--dist loadgroup`` asks for it.

    xdist's own groups write into the ids of tests, which pytest 9.2 no longer reads.
    """
    return _SystemScheduling(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(autouse=True)
def guard_unit_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    """Make a unit test fail that starts a process or writes a file."""
    if request.node.get_closest_marker("unit") is None:
        yield
        return
    with unit_guard.active():
        yield
