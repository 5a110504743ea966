"""Authentication: a program by its token, a person by their session."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from api.access.models import ApiToken, find_token

_SCHEME = "bearer"
CHALLENGE = 'Bearer realm="cryptoviz"'


def bearer_text(authorization: str | None) -> str | None:
    """Return the token of an Authorization header; None where there is none or its scheme is another.

    >>> bearer_text("Bearer abc"), bearer_text("Basic abc"), bearer_text(None)
    ('abc', None, None)
    """
    scheme, _, text = (authorization or "").partition(" ")
    return text.strip() if scheme.lower() == _SCHEME else None


class TokenAuthentication(BaseAuthentication):
    """Authentication by Bearer token. A wrong, expired or revoked one is refused even where none is needed."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        text = bearer_text(request.headers.get("Authorization"))
        if text is None:
            return None
        token = find_token(text)
        if token is None:
            raise AuthenticationFailed("the token is unknown, expired or revoked")
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class SignedInSession(SessionAuthentication):
    """Authentication by session; methods that change something need X-CSRFToken as well."""
