"""ASGI application of the gateway: one path, one consumer."""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "api.config.settings")
django.setup()

from api.live.consumer import FluxConsumer  # noqa: E402 - Django first
from api.live.gateway import Gateway  # noqa: E402
from api.process.lake import current_settings  # noqa: E402


def make_application() -> tuple[Gateway, Any]:
    """Return a gateway and the application that serves it. Called in the event loop that both live in."""
    gateway = Gateway(current_settings())
    return gateway, FluxConsumer.as_asgi(gateway=gateway)
