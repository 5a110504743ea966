"""Paths of accounts."""

from api.accounts.sign_in import SignInView, SignOutView
from api.accounts.token_views import SessionView, TokensView, TokenView
from api.http.patterns import route

urlpatterns = [
    route("jetons", TokensView, "jetons"),
    route("jetons/(?P<pk>[0-9]{1,18})", TokenView, "jeton"),
    route("session", SessionView, "session"),
]
page_urls = [route("connexion", SignInView, "connexion"), route("deconnexion", SignOutView, "deconnexion")]
