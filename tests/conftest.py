"""Two sizes of every generated test: small ones that repeat themselves, and with ``--hypothesis-profile=full`` all."""

from hypothesis import settings

from tests.support.profiles import FULL, QUICK

settings.register_profile(QUICK, max_examples=25, deadline=None, derandomize=True)
settings.register_profile(FULL, max_examples=100, deadline=None)
settings.load_profile(QUICK)
