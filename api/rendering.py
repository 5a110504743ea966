"""The renderer that Django REST framework negotiates with and encodes through."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer

from api.encoding import encode_json


class JsonRenderer(BaseRenderer):
    """Encodes answers, and problems under their own media type."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else encode_json(data)
