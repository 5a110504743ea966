"""Authorization of WebSocket connections, as for REST: by token or by session."""

import logging
from importlib import import_module
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import get_user
from django.db import DatabaseError
from django.http import HttpRequest, parse_cookie

from api.access.authentication import bearer_text
from api.access.models import ApiToken, find_token
from api.access.permissions import Access, is_allowed, is_public
from api.live.connection_limits import Scope, header_of

logger = logging.getLogger(__name__)


async def is_authorized(scope: Scope) -> bool:
    """Return whether a connection may follow histories: by its token, else by its session.

    Reads no database where histories are open. A database that does not answer authorizes nobody.
    """
    if is_public(Access.HISTORY):
        return True
    authorization, cookie = header_of(scope, b"authorization"), header_of(scope, b"cookie")
    try:
        allowed: bool = await database_sync_to_async(_is_authorized)(authorization, cookie)
    except DatabaseError as error:
        logger.warning("connection refused, the database does not answer error=%s", error)
        return False
    return allowed


def _is_authorized(authorization: str | None, cookie: str | None) -> bool:
    user, token = _authenticate(authorization, cookie)
    return is_allowed(Access.HISTORY, user=user, token=token)


def _authenticate(authorization: str | None, cookie: str | None) -> tuple[Any, ApiToken | None]:
    text = bearer_text(authorization)
    if text is not None:
        token = find_token(text)
        return (None, None) if token is None else (token.owner, token)
    request = HttpRequest()
    sessions = import_module(django_settings.SESSION_ENGINE)
    session_key = parse_cookie(cookie or "").get(django_settings.SESSION_COOKIE_NAME)
    request.session = sessions.SessionStore(session_key)
    user = get_user(request)
    return (user if user.is_authenticated else None), None
