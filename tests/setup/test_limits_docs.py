"""The page of limits: every bound is in the code, and a test drives it."""

from pathlib import Path

import pytest

from setup.limits_docs import Limit, read_limits

ROOT = Path(__file__).resolve().parents[2]
LIMITS = [limit for part in read_limits().values() for limit in part]


@pytest.mark.parametrize("limit", LIMITS, ids=[limit.what for limit in LIMITS])
def test_a_limit_has_a_bound_and_its_test_exists(limit: Limit) -> None:
    assert limit.bound
    assert not limit.test or (ROOT / limit.test).is_file()


def test_a_constant_that_is_gone_is_named() -> None:
    gone = Limit(what="x", where="setup/limits_docs.py:GONE", beyond="", test="")

    with pytest.raises(LookupError, match="has no GONE"):
        _ = gone.bound
