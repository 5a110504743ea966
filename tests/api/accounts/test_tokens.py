"""Tokens: shown once, stored as a hash, bounded by scope and time."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from api.access.models import ApiToken, find_token
from api.accounts.token_views import MAX_TOKENS
from tests.support.api_user import Person

TOKENS = "/api/v1/jetons"


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def made(person: Person, **more: Any) -> Any:
    answer = person.ask("POST", TOKENS, {"name": "job", "scopes": ["views:read"]} | more)
    assert answer.status == 201, answer
    return answer.document


def test_text_is_told_once_and_only_its_hash_is_kept(people: dict[str, Any]) -> None:
    ann = Person(people["ann"])
    token = made(ann)
    _, _, secret = token["token"].split("_", 2)
    row = ApiToken.objects.values().get()
    assert secret not in str(row)
    assert "token" not in ann.ask("GET", TOKENS).document["elements"][0]
    assert "token" not in ann.ask("GET", f"{TOKENS}/{token['id']}").document


def test_use_is_noted(people: dict[str, Any]) -> None:
    token = made(Person(people["ann"]))
    assert token["last_used_time"] is None
    Person().ask("GET", "/api/v1/vues", **bearer(token["token"]))
    first = ApiToken.objects.get().last_used_time
    Person().ask("GET", "/api/v1/vues", **bearer(token["token"]))
    assert first is not None
    assert ApiToken.objects.get().last_used_time == first


def test_token_may_only_what_it_was_made_for(people: dict[str, Any]) -> None:
    reader = Person(people["ann"], scopes=["views:read"])
    assert reader.ask("GET", "/api/v1/vues").status == 200
    assert reader.ask("POST", "/api/v1/vues", {"name": "x", "parameters": {}}).status == 403
    writer = Person(people["ann"], scopes=["views:write"])
    assert writer.ask("POST", "/api/v1/vues", {"name": "x", "parameters": {}}).status == 201
    assert writer.ask("GET", "/api/v1/vues").status == 403


def test_token_makes_no_tokens(people: dict[str, Any]) -> None:
    token = Person(people["staff"], scopes=["views:read", "configuration", "catalogue:write"])
    assert token.ask("GET", TOKENS).status == 403
    assert token.ask("POST", TOKENS, {"name": "x", "scopes": ["views:write"]}).status == 403


def test_scope_of_staff_is_nothing_in_others_hands(people: dict[str, Any]) -> None:
    token = Person(people["ann"], scopes=["configuration", "catalogue:write"])
    assert token.ask("GET", "/api/v1/configuration").status == 403
    assert token.ask("DELETE", "/api/v1/catalogue/actifs/btc", If_Match="*").status == 403


@pytest.mark.parametrize("text", ["", "x", "cviz_0000000000000000_" + "a" * 43, "cviz_é", "\0", "a b"])
def test_text_that_is_no_token_is_401(people: dict[str, Any], text: str) -> None:
    refused = Person().ask("GET", "/api/v1/vues", **bearer(text))
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="cryptoviz"')


def test_right_key_with_another_secret_is_401(people: dict[str, Any]) -> None:
    token = made(Person(people["ann"]))["token"]
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert Person().ask("GET", "/api/v1/vues", **bearer(wrong)).status == 401


def test_expired_revoked_or_ownerless_token_is_401(people: dict[str, Any]) -> None:
    ann = Person(people["ann"])
    expired = Person(people["ann"], scopes=["views:read"], days=-1)
    assert expired.ask("GET", "/api/v1/vues").status == 401
    token = made(ann)
    assert ann.ask("DELETE", f"{TOKENS}/{token['id']}").status == 204
    assert Person().ask("GET", "/api/v1/vues", **bearer(token["token"])).status == 401
    left = Person(people["bob"], scopes=["views:read"])
    people["bob"].is_active = False
    people["bob"].save()
    assert left.ask("GET", "/api/v1/vues").status == 401


def test_another_users_token_is_not_there(people: dict[str, Any]) -> None:
    token = made(Person(people["ann"]))
    for other in (Person(people["bob"]), Person(people["staff"])):
        assert other.ask("GET", f"{TOKENS}/{token['id']}").status == 404
        assert other.ask("DELETE", f"{TOKENS}/{token['id']}").status == 404
    assert find_token(token["token"]) is not None


@pytest.mark.parametrize(
    ("more", "parameter"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["all"]}, "scopes"),
        ({"scopes": ["views:read", "views:read"]}, "scopes"),
        ({"scopes": "views:read"}, "scopes"),
        ({"scopes": [{}]}, "scopes"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"days": 10**30}, "days"),
        ({"expires_time": "2999-01-01T00:00:00Z"}, "expires_time"),
        ({"key": "0" * 16}, "key"),
    ],
)
def test_token_for_ever_or_for_anything_is_refused(
    people: dict[str, Any], more: dict[str, Any], parameter: str
) -> None:
    body = {"name": "x", "scopes": ["views:read"]} | more
    refused = Person(people["ann"]).ask("POST", TOKENS, body)
    assert (refused.status, refused.document["parameter"]) == (400, parameter)


def test_token_ends_when_it_was_told_to(people: dict[str, Any]) -> None:
    made(Person(people["ann"]), days=7)
    left = ApiToken.objects.get().expires_time - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_a_user_has_so_many_valid_tokens_and_no_more(people: dict[str, Any]) -> None:
    ann, bob = Person(people["ann"]), Person(people["bob"])
    first = made(ann)
    now = timezone.now()
    rows = [
        ApiToken(
            owner=people["ann"],
            name="job",
            key=f"k{number}",
            secret_hash="",
            scopes=[],
            expires_time=now + timedelta(days=1),
        )
        for number in range(MAX_TOKENS - 1)
    ]
    ApiToken.objects.bulk_create(rows)

    refused = ann.ask("POST", TOKENS, {"name": "job", "scopes": ["views:read"]})

    assert refused.status == 409
    assert "50 valid tokens" in refused.document["detail"]
    made(bob)
    ann.ask("DELETE", f"{TOKENS}/{first['id']}")
    made(ann)
    ApiToken.objects.filter(key="k0").update(expires_time=now)
    made(ann)
