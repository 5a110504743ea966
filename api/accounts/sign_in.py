"""Sign-in and sign-out pages, which begin and end a session."""

import base64
import hashlib
from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from api.access.throttling import SignInThrottle, address_of
from api.http.security_policy import security_policy

NEXT = "next"
_FORM = "accounts/sign_in.html"
_HOME = "/"
_MOST_NAME_CHARACTERS = 150
_MOST_PASSWORD_CHARACTERS = 4_096
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:22rem;margin:12vh auto;padding:0 1rem;color-scheme:light dark}"
    "label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}"
    "input,button{padding:.5rem;margin:.25rem 0 1rem}[role=alert]{border-left:4px solid #c33;padding-left:.75rem}"
)
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = security_policy(style=f"'sha256-{_STYLE_DIGEST}'", form_action="'self'")


@method_decorator([never_cache, csrf_protect, sensitive_post_parameters("password")], name="dispatch")
class SignInView(View):
    """GET the form; POST a name and a password. 429 after too many attempts, correct ones included."""

    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest) -> HttpResponse:
        return _render(request, _FORM, next_path=_next_of(request, request.GET))

    def post(self, request: HttpRequest) -> HttpResponse:
        next_path = _next_of(request, request.POST)
        name = request.POST.get("username", "")[:_MOST_NAME_CHARACTERS]
        password = request.POST.get("password", "")
        # Address first: one that is over its rate counts against no name, and makes no entry of its own.
        wait_seconds = _wait_seconds(request, f"address:{address_of(request)}")
        wait_seconds = wait_seconds or _wait_seconds(request, f"name:{name.lower()}")
        if wait_seconds:
            page = _render(request, _FORM, next_path=next_path, wait_seconds=wait_seconds, status=429)
            page["Retry-After"] = str(wait_seconds)
            return page
        user = None
        if len(password) <= _MOST_PASSWORD_CHARACTERS and "\0" not in name:
            user = authenticate(request, username=name, password=password)
        if user is None:
            return _render(request, _FORM, next_path=next_path, name=name, is_wrong=True, status=401)
        login(request, user)
        return HttpResponseRedirect(next_path)


@method_decorator([never_cache, csrf_protect], name="dispatch")
class SignOutView(View):
    """GET a button; POST ends the session. A link on another site cannot."""

    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest) -> HttpResponse:
        return _render(request, "accounts/sign_out.html")

    def post(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        return HttpResponseRedirect("/connexion")


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect the admin's own form to this one."""
    next_path = _next_of(request, request.GET)
    return HttpResponseRedirect(
        f"/connexion?{NEXT}={next_path}" if next_path != _HOME else "/connexion?next=/admin/"
    )


def _render(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    page = render(request, template, {"style": _STYLE, **context}, status=status)
    page["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return page


def _next_of(request: HttpRequest, given: Any) -> str:
    """Return the path to go on to: one of this site, never another's."""
    path: str = given.get(NEXT, "")
    is_own_path = path.startswith("/") and url_has_allowed_host_and_scheme(
        path, allowed_hosts=None, require_https=request.is_secure()
    )
    return path if is_own_path else _HOME


def _wait_seconds(request: HttpRequest, counted_as: str) -> int:
    """Return the seconds until another attempt is accepted; 0: this one is."""
    throttle = SignInThrottle(counted_as)
    return 0 if throttle.allow_request(request, None) else max(1, round(throttle.wait() or 1))
