"""Models of the metadata."""

from api.metadata.models.asset import Asset
from api.metadata.models.configuration import ConfigurationChange, ConfigurationEntry
from api.metadata.models.entity import Entity
from api.metadata.models.saved_view import SavedView
from api.metadata.models.source import Source

__all__ = ["Asset", "ConfigurationChange", "ConfigurationEntry", "Entity", "SavedView", "Source"]
