"""Permissions: the kinds of access, and the functions that decide who has one."""

from enum import Enum
from typing import Any

from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from api.access.models import ApiToken
from api.process.lake import current_settings


class Access(Enum):
    """Access that a view requires. Its value: the scope that a token needs, and whether its owner must be staff."""

    ANYBODY = ("anybody", False)
    HISTORY = ("history:read", False)
    VIEWS_READ = ("views:read", False)
    VIEWS_WRITE = ("views:write", False)
    CATALOGUE = ("catalogue:write", True)
    CONFIGURATION = ("configuration", True)
    TOKENS = ("tokens", False)
    NOBODY = ("nobody", False)


def is_public(access: Access) -> bool:
    """Return whether everybody has this access, whoever they are."""
    return access is Access.ANYBODY or (access is Access.HISTORY and current_settings().history_open)


def may_read_unidentified(request: HttpRequest | Request, access: Access = Access.HISTORY) -> bool:
    """Return whether a request may be answered without a look at who makes it, also from a cache.

    Where histories are open a token that is sent is still checked, so that a wrong one is refused.
    """
    return is_public(access) and (access is Access.ANYBODY or "Authorization" not in request.headers)


def is_allowed(access: Access, *, user: Any, token: ApiToken | None) -> bool:
    """Return whether a user has an access. Every decision of REST, WebSocket, metrics and viewer is this one.

    ``user`` None is an unknown one. ``token`` None: the user came by session, and may do what they may.
    A token cannot see or make tokens: it never gets more than it was made with.
    """
    if is_public(access):
        return True
    if access is Access.NOBODY or user is None or not user.is_active:
        return False
    if access is Access.TOKENS:
        return token is None
    scope, is_of_staff = access.value
    return (user.is_staff or not is_of_staff) and (token is None or scope in token.scopes)


class HasAccess(BasePermission):
    """Permission that asks for a view's ``read`` where a method is safe, else for its ``write``."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method not in view.allowed_methods or request.method == "OPTIONS":
            return True  # answered with 405, or with nothing but the methods
        access = view.read if request.method in SAFE_METHODS else view.write
        return is_allowed(access, user=request.user, token=request.auth)
