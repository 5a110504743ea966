"""Paths of accounts; a trailing slash is accepted too."""

from django.urls import re_path

from api.accounts import token_views as views
from api.accounts.sign_in import SignInView, SignOutView

urlpatterns = [
    re_path(r"\Ajetons/?\Z", views.TokensView.as_view(), name="jetons"),
    re_path(r"\Ajetons/(?P<pk>[0-9]{1,18})/?\Z", views.TokenView.as_view(), name="jeton"),
    re_path(r"\Asession/?\Z", views.SessionView.as_view(), name="session"),
]
page_urls = [
    re_path(r"\Aconnexion/?\Z", SignInView.as_view(), name="connexion"),
    re_path(r"\Adeconnexion/?\Z", SignOutView.as_view(), name="deconnexion"),
]
