"""Pages of the admin: their models, paths and forms, and clients that open them."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from tests.support.html_form import PageForm

User = get_user_model()
MODELS = {model._meta.label_lower: model for model in admin.site._registry}
READ_ONLY = ("maintenance.maintenancerun", "metadata.configurationchange", "metadata.savedview")
NEVER_CHANGED = (*READ_ONLY, "access.apitoken")
NEVER_ADDED = (*NEVER_CHANGED, "metadata.configurationentry")
NEVER_DELETED = (*READ_ONLY, "metadata.configurationentry")
HOSTILE = '<script>alert("x")</script>'


def client_of(user: Any) -> Client:
    client = Client(raise_request_exception=True)
    if user is not None:
        client.force_login(user)
    return client


def staff_with(*permissions: str) -> Client:
    user = User.objects.create_user(f"clerk{User.objects.count()}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return client_of(user)


def path_of(label: str) -> str:
    return "/admin/" + label.replace(".", "/") + "/"


def paths_of(label: str, row: Any) -> dict[str, str]:
    base = path_of(label)
    return {
        "list": base,
        "search": f"{base}?q=x",
        "add": f"{base}add/",
        "change": f"{base}{row.pk}/change/",
        "history": f"{base}{row.pk}/history/",
        "delete": f"{base}{row.pk}/delete/",
    }


def form_of(client: Client, path: str, **changes: Any) -> dict[str, Any]:
    """Return what a browser sends of an opened form, with changes."""
    return PageForm(client.get(path).content.decode()).values | changes
