"""The JSON Schema of one entry of the scorecard."""

from api.http.json_schema import COUNT, NUMBER, STRING, STRINGS, Document, nullable, object_of

_SHARE: Document = {"type": "number", "minimum": 0, "maximum": 1}


def _describe(schema: Document, description: str) -> Document:
    return {**schema, "description": description}


_DIRECTION = object_of(
    {
        "n": _describe(COUNT, "forecasts that named a direction where the price moved"),
        "n_non_overlapping": _describe(
            COUNT, "of them, without a common moment: what the interval is made for"
        ),
        "accuracy": _describe(_SHARE, "share that named the right one"),
        "low": _describe(_SHARE, "lower end of its Wilson interval of 95 %"),
        "high": _describe(_SHARE, "upper end of its Wilson interval of 95 %"),
    }
)
_DIEBOLD_MARIANO = object_of(
    {
        "statistic": _describe(
            NUMBER, "mean difference of absolute errors, model less random walk, as a t statistic"
        ),
        "p_value": _describe(_SHARE, "two-sided; not corrected for how many scores are looked at"),
        "n_degrees": _describe(COUNT, "degrees of freedom: non-overlapping outcomes less one"),
    }
)
_INTERVAL = object_of(
    {
        "n": _describe(COUNT, "forecasts that gave an interval"),
        "coverage": _describe(_SHARE, "share of outcomes in it"),
        "nominal_coverage": _describe(_SHARE, "share that was meant to be"),
        "mean_width": _describe(NUMBER, "in quote"),
        "pinball_loss": _describe(NUMBER, "mean over both ends, in quote"),
    }
)
SCORE_SCHEMA = object_of(
    {
        "model": STRING,
        "model_version": STRING,
        "horizon": STRING,
        "window": _describe(STRING, "how far back from date_fin the target times reach"),
        "n": _describe(COUNT, "live forecasts with a realised price: what every figure here is of"),
        "n_non_overlapping": _describe(COUNT, "the most of them without a common moment"),
        "n_replay": _describe(
            COUNT, "forecasts that the broker had only at their target time or later; not scored"
        ),
        "n_without_price": _describe(COUNT, "live forecasts whose price never came; not scored"),
        "origins": STRINGS,
        "mean_absolute_error": _describe(nullable(NUMBER), "in quote"),
        "random_walk_error": _describe(nullable(NUMBER), "the random walk's, on the same targets"),
        "relative_error": _describe(nullable(NUMBER), "the first over the second; below 1 is better"),
        "direction": nullable(_DIRECTION),
        "diebold_mariano": _describe(nullable(_DIEBOLD_MARIANO), "null where there is too little to tell"),
        "interval": nullable(_INTERVAL),
        "beats_random_walk": {"type": "boolean"},
        "verdict": _describe(STRING, "the same in words"),
    }
)
