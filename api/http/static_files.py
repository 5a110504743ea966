"""Static files under a version that names their content, served by WhiteNoise."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from wsgiref.headers import Headers

from django.http import Http404, HttpRequest, HttpResponse
from rest_framework.request import Request
from whitenoise import WhiteNoise

_VERSION_MARK = b"{version}"
_VERSION_CHARACTERS = 12
_CACHE_CONTROL = "public, max-age=31536000, immutable"


class StaticBundle:
    """A page and the files that it loads. ``version`` is a digest of all of them, and part of the files' paths.

    The page is read once. A file is opened for each request, and no other file than these ever is.
    """

    def __init__(self, page: Path, files: Mapping[str, Path], *, prefix: str, security_policy: str) -> None:
        digest = hashlib.sha256()
        for name, path in {"": page, **files}.items():
            body = path.read_bytes()
            digest.update(f"{name}\0{len(body)}\0".encode() + body)
        self.version = digest.hexdigest()[:_VERSION_CHARACTERS]
        self.page = page.read_bytes().replace(_VERSION_MARK, self.version.encode())
        self.files = files

        def add_headers(headers: Headers, path: str, url: str) -> None:
            headers["Cache-Control"] = _CACHE_CONTROL
            headers["Content-Security-Policy"] = security_policy

        self._whitenoise = WhiteNoise(None, allow_all_origins=False, add_headers_function=add_headers)
        for name, path in files.items():
            self._whitenoise.add_file_to_dictionary(f"{prefix}/{self.version}/{name}", str(path))

    def respond(self, request: HttpRequest | Request) -> HttpResponse:
        """Return the file at a request's path: whole, a range of it, or 304. Raises Http404 for any other path.

        The middleware takes the body out of the answer to HEAD, and compresses what has no variant on disk.
        """
        file = self._whitenoise.files.get(request.path_info)
        if file is None:
            raise Http404
        answer = file.get_response("GET", request.META)
        body = b"" if answer.file is None else answer.file.read()
        response = HttpResponse(body, status=answer.status)
        del response["Content-Type"]
        for name, value in answer.headers:
            if name != "Content-Length":  # a body that the middleware compresses has another
                response[name] = value
        return response
