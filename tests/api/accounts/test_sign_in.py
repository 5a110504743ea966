"""Signing in: with the form's own token, not too often, and on to nowhere else."""

from typing import Any

import pytest
from django.test import Client

PASSWORD = "correct horse battery staple"


@pytest.fixture
def form(people: dict[str, Any]) -> Client:
    people["ann"].set_password(PASSWORD)
    people["ann"].save()
    return Client(enforce_csrf_checks=True)


def sign_in(client: Client, *, name: str = "ann", password: str = PASSWORD, **more: str) -> Any:
    client.get("/connexion")
    csrf = client.cookies["csrftoken"].value
    body = {"username": name, "password": password, "csrfmiddlewaretoken": csrf} | more
    return client.post("/connexion", body)


def test_right_password_begins_a_session_and_signing_out_ends_it(form: Client) -> None:
    answer = sign_in(form)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    cookie = answer.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    session = form.get("/api/v1/session").json()
    assert session["user"] == "ann"
    form.post("/deconnexion", {"csrfmiddlewaretoken": session["csrf_token"]})
    assert form.get("/api/v1/session").json()["user"] is None


@pytest.mark.parametrize(("name", "password"), [("ann", "x"), ("zoe", PASSWORD), ("", ""), ("a\0", "x")])
def test_wrong_name_and_wrong_password_read_the_same(form: Client, name: str, password: str) -> None:
    answer = sign_in(form, name=name, password=password)
    assert answer.status_code == 401
    assert b"The name or the password is wrong." in answer.content
    assert "sessionid" not in form.cookies


def test_form_of_another_site_is_refused(form: Client) -> None:
    assert form.post("/connexion", {"username": "ann", "password": PASSWORD}).status_code == 403


@pytest.mark.parametrize(
    "place", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_nobody_is_sent_to_another_site(form: Client, place: str) -> None:
    assert sign_in(form, next=place).headers["Location"] == "/"


def test_too_many_attempts_are_refused_right_password_or_not(form: Client) -> None:
    for _ in range(10):
        assert sign_in(form, password="x").status_code == 401
    refused = sign_in(form)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) <= 60


def test_name_is_not_tried_from_many_addresses(form: Client) -> None:
    for n in range(10):
        form.defaults["REMOTE_ADDR"] = f"192.0.2.{n}"
        assert sign_in(form, password="x").status_code == 401
    form.defaults["REMOTE_ADDR"] = "192.0.2.99"
    assert sign_in(form).status_code == 429


def test_admin_signs_in_through_the_same_page(form: Client) -> None:
    first = form.get("/admin/").headers["Location"]
    assert form.get(first).headers["Location"] == "/connexion?next=/admin/"


def test_page_runs_nothing(form: Client) -> None:
    page = form.get("/connexion")
    assert "script" not in page.content.decode()
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert page.headers["X-Frame-Options"] == "DENY"
