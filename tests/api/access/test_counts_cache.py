"""The cache of request counts: instants in files, and nothing of what else is put there is run."""

import os
import pickle
import zlib
from pathlib import Path

import pytest

from api.access.counts_cache import CountsCache


@pytest.fixture
def cache(tmp_path: Path) -> CountsCache:
    return CountsCache(str(tmp_path), {})


def test_instants_are_read_as_they_were_written(cache: CountsCache) -> None:
    cache.set("address:1.2.3.4", [3.5, 2.25], 60)

    assert cache.get("address:1.2.3.4") == [3.5, 2.25]
    assert cache.get("address:1.2.3.5", []) == []
    assert cache.touch("address:1.2.3.4", 30)
    assert cache.get("address:1.2.3.4") == [3.5, 2.25]
    assert not cache.touch("address:1.2.3.5")


def test_an_expired_file_is_removed(cache: CountsCache, tmp_path: Path) -> None:
    cache.set("a", [1.0], -1)

    assert cache.get("a", []) == []
    assert list(tmp_path.iterdir()) == []


class Trap:
    """An object whose unpickling makes a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self._path),)


def test_what_somebody_else_put_there_is_no_count_and_is_not_run(cache: CountsCache, tmp_path: Path) -> None:
    trap = pickle.dumps(Trap(tmp_path / "sprung"))
    contents = [
        trap,
        pickle.dumps(None) + zlib.compress(trap),
        b"",
        b"\n",
        b"null",
        b'null\n{"a": 1}',
        b'null\n["x"]',
        b"null\n" + trap,
        b"1" * 100_000,
        b"[]\n[]",
    ]
    for content in contents:
        cache.set("a", [1.0], 60)
        (path,) = tmp_path.iterdir()
        path.write_bytes(content)

        assert cache.get("a", []) == []
    assert not (tmp_path / "sprung").exists()
