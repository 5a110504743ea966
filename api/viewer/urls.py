"""Paths of the viewer."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
