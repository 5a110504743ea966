"""The sampler of this process."""

from functools import cache

from api.history.views import response_cache
from api.metrics.sampling import Sampler
from api.process.lake import current_lake


@cache
def current_sampler() -> Sampler:
    """Return this process's sampler."""
    return Sampler(current_lake(), response_cache())
