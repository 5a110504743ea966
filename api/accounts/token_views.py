"""Views of one's own tokens and session."""

from typing import Any

from django.db import models
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from rest_framework.request import Request

from api.access.models import ApiToken, create_token
from api.access.permissions import Access
from api.access.scopes import SCOPES
from api.accounts.serializers import TokenSerializer
from api.http.query import check_no_names
from api.resources.views import CollectionView, ConflictError, ItemView, ResourceView

MAX_TOKENS = 50
"""Valid tokens of one user: expired ones and those that are deleted do not count."""


class TokensView(CollectionView):
    """GET one's own tokens; POST a new one, whose answer alone has its text."""

    read, write = Access.TOKENS, Access.TOKENS
    serializer_class = TokenSerializer

    def rows(self, **path: str) -> models.QuerySet[ApiToken]:
        return ApiToken.objects.filter(owner=self.request.user)

    def post(self, request: Request, **path: str) -> HttpResponse:
        serializer = TokenSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        if self.rows().filter(expires_time__gt=timezone.now()).count() >= MAX_TOKENS:
            raise ConflictError(f"{MAX_TOKENS} valid tokens are there already, as many as one user may have")
        token, text = create_token(owner=request.user, **serializer.validated_data)
        response = self.answer({**TokenSerializer(token).data, "token": text}, status=201)
        response["Cache-Control"] = "no-store"
        response["Location"] = f"{request.path.rstrip('/')}/{token.pk}"
        return response


class TokenView(ItemView):
    """GET one token; DELETE revokes it at once, without If-Match."""

    http_method_names: tuple[str, ...] = ("get", "head", "options", "delete")
    read, write = Access.TOKENS, Access.TOKENS
    serializer_class = TokenSerializer

    def rows(self) -> models.QuerySet[ApiToken]:
        return ApiToken.objects.filter(owner=self.request.user)

    def get(self, request: Request, **path: str) -> HttpResponse:
        check_no_names(request.query_params)
        return self.answer(self._shown(self.find(self.rows(), **path)))

    def delete(self, request: Request, **path: str) -> HttpResponse:
        self.find(self.rows(), **path).delete()
        return self.answer(None, status=204)


class SessionView(ResourceView):
    """GET the user's name and scopes, and the CSRF token that changes need."""

    read, write = Access.ANYBODY, Access.NOBODY

    def get(self, request: Request) -> HttpResponse:
        check_no_names(request.query_params)
        return self.answer(_to_session(request))


def _to_session(request: Request) -> dict[str, Any]:
    user, token = request.user, request.auth
    by_session = user is not None and token is None
    return {
        "user": None if user is None else user.get_username(),
        "is_staff": user is not None and user.is_staff,
        "scopes": sorted(token.scopes if token is not None else SCOPES if by_session else ()),
        "csrf_token": get_token(request) if by_session else None,
        "sign_in": "/connexion",
    }
