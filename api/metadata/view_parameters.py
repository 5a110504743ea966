"""Parameters of a saved view: those that the viewer has in its address (`frontend/source/address.ts`)."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from django.core.exceptions import ValidationError

from api.http.json_schema import Document, described
from lakehouse.messages.contract import HORIZON_PATTERN, NAME_PATTERN, SYMBOL_PATTERN, whole_text

MAX_SPAN = timedelta(days=370)
_INSTANT = Annotated[datetime, msgspec.Meta(tz=True)]
_MEANINGS: dict[str, dict[str, str]] = {
    "Span": {"from": "start, included", "to": "end, left out"},
    "ViewParameters": {
        "symbol": "symbol that is shown; null: the first",
        "range": "how far back from now a live view reaches; 7d where it is left out",
        "span": "range of a fixed view; null: it is live",
        "model": "model whose predictions are shown; empty: none; null: not chosen",
        "horizon": "horizon of those predictions; null: not chosen",
        "detail": "width of a bucket; null: chosen by the range",
        "at": "instant that is travelled to; null: now",
        "lang": "language; null: the browser's",
    },
}


class Span(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"start": "from", "end": "to"}):
    """Half-open range of time."""

    start: _INSTANT
    end: _INSTANT


class ViewParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A live view of ``range``, or a fixed one of ``span``. ``model`` empty: none; null: not chosen."""

    symbol: Annotated[str, msgspec.Meta(pattern=whole_text(SYMBOL_PATTERN))] | None = None
    range: Literal["1h", "24h", "7d", "30d"] = "7d"
    span: Span | None = None
    model: Annotated[str, msgspec.Meta(pattern=whole_text(f"^$|{NAME_PATTERN}"))] | None = None
    horizon: Annotated[str, msgspec.Meta(pattern=whole_text(HORIZON_PATTERN))] | None = None
    detail: Literal["1m", "5m", "15m", "1h", "4h", "1d"] | None = None
    at: _INSTANT | None = None
    lang: Literal["en", "fr"] | None = None


def validate_parameters(parameters: Any) -> None:
    """Raise ValidationError with the wrong member and what is accepted."""
    try:
        view = msgspec.convert(parameters, ViewParameters)
    except msgspec.ValidationError as error:
        raise ValidationError(str(error)) from error
    if any("\n" in (text or "") for text in (view.symbol, view.model, view.horizon)):
        raise ValidationError("a name holds no line break")
    if view.span is not None and not timedelta() < view.span.end - view.span.start <= MAX_SPAN:
        raise ValidationError(f"span: from before to, at most {MAX_SPAN.days} days")


def parameters_schema() -> Document:
    """Return the parameters as schemas of an OpenAPI document: {name: schema}."""
    _, definitions = msgspec.json.schema_components(
        (ViewParameters,), ref_template="#/components/schemas/{name}"
    )
    for name, meanings in _MEANINGS.items():
        properties = definitions[name]["properties"]
        for member, meaning in meanings.items():
            schema = {key: value for key, value in properties[member].items() if key != "default"}
            properties[member] = described(
                schema, meaning
            )  # generators make a member with a default a required one
    return definitions
