"""Who may: one word for each kind of access, and one place that decides."""

from enum import Enum
from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from api.access.models import ApiToken
from api.process.lake import current_settings


class Access(Enum):
    """What a view asks for. Its value: the scope that a token needs, and whether its owner must be staff."""

    ANYBODY = ("anybody", False)
    HISTORY = ("history:read", False)
    VIEWS_READ = ("views:read", False)
    VIEWS_WRITE = ("views:write", False)
    CATALOGUE = ("catalogue:write", True)
    CONFIGURATION = ("configuration", True)
    TOKENS = ("tokens", False)
    NOBODY = ("nobody", False)


def is_allowed(access: Access, *, user: Any, token: ApiToken | None) -> bool:
    """``user`` null: nobody is known. ``token`` null: the user came by session, and may what they may.

    A token cannot see or make tokens: it never gets more than it was made with.
    """
    if access is Access.ANYBODY or (access is Access.HISTORY and current_settings().history_open):
        return True
    if access is Access.NOBODY or user is None or not user.is_active:
        return False
    if access is Access.TOKENS:
        return token is None
    scope, is_of_staff = access.value
    return (user.is_staff or not is_of_staff) and (token is None or scope in token.scopes)


class MayUse(BasePermission):
    """A view's ``read`` for what looks, its ``write`` for what changes."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method not in view.allowed_methods or request.method == "OPTIONS":
            return True  # 405, or nothing of anybody's
        access = view.read if request.method in SAFE_METHODS else view.write
        return is_allowed(access, user=request.user, token=request.auth)
