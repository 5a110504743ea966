"""People of a real server: made in its database, signed in through its own form, with tokens of its own."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.support.manage_command import run_code

PASSWORD = "correct horse battery staple"
_MAKE = (
    "from django.contrib.auth import get_user_model as m; "
    "[m().objects.create_user(name, password={password!r}, is_staff=staff, is_superuser=staff) "
    "for name, staff in {people!r}]"
)


def make_people(runtime_dir: Path, *names: str, staff: tuple[str, ...] = ()) -> None:
    """Users of these names and PASSWORD; those of ``staff`` may everything. The tables must be there."""
    people = [(name, name in staff) for name in (*names, *staff)]
    run_code(runtime_dir, _MAKE.format(password=PASSWORD, people=people))


@dataclass(frozen=True, slots=True)
class Reply:
    """``document`` is parsed where it is JSON, else text."""

    status: int
    headers: Mapping[str, str]
    document: Any


@dataclass(slots=True)
class Visitor:
    """Somebody with a cookie jar, who asks a port of this machine; ``headers`` go with each request.

    ``address`` is where they come from: all of 127.0.0.0/8 is this machine.
    """

    port: int
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    address: str = "127.0.0.1"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Send a request; a body that is a dict is sent as JSON."""
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = self.cookie
        if isinstance(body, dict):
            body, sent = json.dumps(body).encode(), {"Content-Type": "application/json"} | sent
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=60, source_address=(self.address, 0)
        )
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            text = response.read().decode()
            for line in response.headers.get_all("Set-Cookie", []):
                self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
            is_json = "json" in response.headers.get("Content-Type", "")
            document = json.loads(text) if is_json and text else text
            return Reply(response.status, dict(response.headers), document)
        finally:
            connection.close()

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def try_password(self, name: str, password: str, **headers: str) -> Reply:
        """Fill the sign-in form in."""
        self.ask("GET", "/connexion", **headers)
        fields = {
            "username": name,
            "password": password,
            "csrfmiddlewaretoken": self.cookies["csrftoken"],
        }
        form = {"Content-Type": "application/x-www-form-urlencoded"} | headers
        return self.ask("POST", "/connexion", urlencode(fields).encode(), **form)

    def sign_out(self) -> None:
        form = {"csrfmiddlewaretoken": self.headers["X-CSRFToken"]}
        media_type = "application/x-www-form-urlencoded"
        assert (
            self.ask("POST", "/deconnexion", urlencode(form).encode(), Content_Type=media_type).status == 302
        )

    def make_token(self, *scopes: str) -> tuple[int, str]:
        """(id, text) of a new token of one's own."""
        made = self.ask("POST", "/api/v1/jetons", {"name": "test", "scopes": list(scopes)})
        assert made.status == 201, made
        return made.document["id"], made.document["token"]


def signed_in(port: int, name: str) -> Visitor:
    """Somebody with a session, whose changes bring the CSRF token along."""
    visitor = Visitor(port)
    assert visitor.try_password(name, PASSWORD).status == 302
    visitor.headers["X-CSRFToken"] = visitor.ask("GET", "/api/v1/session").document["csrf_token"]
    return visitor


def make_session(runtime_dir: Path, port: int, name: str) -> str:
    """Return the session cookie of a new user of a server, signed in with PASSWORD."""
    make_people(runtime_dir, name)
    return signed_in(port, name).cookies["sessionid"]


def with_token(port: int, text: str) -> Visitor:
    return Visitor(port, {"Authorization": f"Bearer {text}"})
