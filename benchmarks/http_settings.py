"""Django's settings of the API, with a constant view beside its paths."""

from api.django_settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.http_urls"
