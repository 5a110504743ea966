"""The JSON Schema of one entry of the scorecard."""

from api.http.json_schema import COUNT, NUMBER, STRING, STRINGS, Document, nullable, object_of

_SHARE: Document = {"type": "number", "minimum": 0, "maximum": 1}


def _said(schema: Document, description: str) -> Document:
    return {**schema, "description": description}


_DIRECTION = object_of(
    {
        "n": _said(COUNT, "forecasts that named a direction where the price moved"),
        "n_non_overlapping": _said(COUNT, "of them, without a common moment: what the interval is made for"),
        "accuracy": _said(_SHARE, "share that named the right one"),
        "low": _said(_SHARE, "lower end of its Wilson interval of 95 %"),
        "high": _said(_SHARE, "upper end of its Wilson interval of 95 %"),
    }
)
_DIEBOLD_MARIANO = object_of(
    {
        "statistic": _said(
            NUMBER, "mean difference of absolute errors, model less random walk, as a t statistic"
        ),
        "p_value": _said(_SHARE, "two-sided; not corrected for how many scores are looked at"),
        "n_degrees": _said(COUNT, "degrees of freedom: non-overlapping outcomes less one"),
    }
)
_INTERVAL = object_of(
    {
        "n": _said(COUNT, "forecasts that gave an interval"),
        "coverage": _said(_SHARE, "share of outcomes in it"),
        "nominal_coverage": _said(_SHARE, "share that was meant to be"),
        "mean_width": _said(NUMBER, "in quote"),
        "pinball_loss": _said(NUMBER, "mean over both ends, in quote"),
    }
)
SCORE_SCHEMA = object_of(
    {
        "model": STRING,
        "model_version": STRING,
        "horizon": STRING,
        "window": _said(STRING, "how far back from date_fin the target times reach"),
        "n": _said(COUNT, "live forecasts with a realised price: what every figure here is of"),
        "n_non_overlapping": _said(COUNT, "the most of them without a common moment"),
        "n_replay": _said(
            COUNT, "forecasts that the broker had only at their target time or later; not scored"
        ),
        "n_without_price": _said(COUNT, "live forecasts whose price never came; not scored"),
        "origins": STRINGS,
        "mean_absolute_error": _said(nullable(NUMBER), "in quote"),
        "random_walk_error": _said(nullable(NUMBER), "the random walk's, on the same targets"),
        "relative_error": _said(nullable(NUMBER), "the first over the second; below 1 is better"),
        "direction": nullable(_DIRECTION),
        "diebold_mariano": _said(nullable(_DIEBOLD_MARIANO), "null where there is too little to tell"),
        "interval": nullable(_INTERVAL),
        "beats_random_walk": {"type": "boolean"},
        "verdict": _said(STRING, "the same in words"),
    }
)
