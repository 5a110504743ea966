"""What every view of the API has in common: which methods it takes, and how a plain answer leaves."""

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from api.encoding import encode_json
from api.throttling import AddressThrottle


class LakeView(APIView):
    """Reads: GET, HEAD and OPTIONS."""

    http_method_names = ("get", "head", "options")
    throttle_classes: tuple[type[AddressThrottle], ...] = (AddressThrottle,)

    def options(self, request: Request, *args: object, **kwargs: object) -> HttpResponse:
        """What may be asked of this path. Looks at nothing, whatever the path's symbol or parameters are."""
        return HttpResponse(status=204, headers={"Allow": ", ".join(self.allowed_methods)})


def respond(envelope: object) -> HttpResponse:
    """The envelope as JSON that a client may keep but must ask about again."""
    response = HttpResponse(encode_json(envelope), content_type="application/json")
    response["Cache-Control"] = "no-cache"
    return response
