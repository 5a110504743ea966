"""Django's settings of the API, with a constant view beside its paths."""

from api.config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.http_urls"
