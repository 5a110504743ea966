"""Sizes of generated tests: few draws in `make check`, more in `make test`, new ones each time in `make soak`."""

from hypothesis import settings

QUICK, FULL, SOAK = "quick", "full", "soak"


def sized(*, quick: int, full: int, soak: int) -> int:
    """Return the number for the profile of this run, which ``--hypothesis-profile`` names; ``quick`` by default."""
    return {FULL: full, SOAK: soak}.get(settings.get_current_profile_name(), quick)
