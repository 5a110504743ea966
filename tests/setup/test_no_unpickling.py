"""Nothing of the project unpickles: whoever can write a file that it reads runs no code by that."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

UNPICKLERS = re.compile(
    r"\b(?:import (?:pickle|cPickle|_pickle|dill|cloudpickle|joblib|shelve|marshal)"
    r"|from (?:pickle|cPickle|_pickle|dill|cloudpickle|joblib|shelve|marshal) import"
    r"|from pyspark(?:\.serializers)? import [^\n]*(?:CPickleSerializer|cloudpickle)"
    r"|(?:pickle|cloudpickle|joblib|dill|marshal)\.loads?\("
    r"|allow_pickle\s*=\s*True|read_pickle\(|yaml\.(?:unsafe_)?load\(|torch\.load\("
    r"|backends\.(?:filebased|db|locmem|redis|memcached)\.\w+Cache\"|PickleSerializer)"
)
PACKAGES = ("api", "compaction", "cryptoviz", "demo", "lakehouse", "setup", "streaming", "benchmarks")


def sources() -> list[str]:
    paths = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return [str(path.relative_to(ROOT)) for path in paths if "node_modules" not in path.parts]


def test_no_source_unpickles() -> None:
    found = {name: UNPICKLERS.findall((ROOT / name).read_text(encoding="utf-8")) for name in sources()}

    assert {name: hits for name, hits in found.items() if hits} == {}


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "from pyspark import cloudpickle",
        "np.load(path, allow_pickle=True)",
        "pd.read_pickle(path)",
        '"BACKEND": "django.core.cache.backends.filebased.FileBasedCache"',
        "value = yaml.load(text)",
    ],
)
def test_what_unpickles_would_be_found(line: str) -> None:
    assert UNPICKLERS.search(line)
