"""Sizes of generated tests: a little in `make check`, everything in `make test`."""

from hypothesis import settings

QUICK, FULL = "quick", "full"


def sized(*, quick: int, full: int) -> int:
    """``full`` where pytest runs with ``--hypothesis-profile=full``, else ``quick``."""
    return full if settings.get_current_profile_name() == FULL else quick
