"""The JSON Schema of one entry of the scorecard."""

from api.http.json_schema import (
    BOOLEAN,
    COUNT,
    NUMBER,
    STRING,
    STRINGS,
    Document,
    described,
    nullable,
    object_of,
)

_SHARE: Document = {"type": "number", "minimum": 0, "maximum": 1}


_DIRECTION = object_of(
    {
        "n": described(COUNT, "forecasts that named a direction where the price moved"),
        "n_non_overlapping": described(
            COUNT, "of them, without a common moment: what the interval is made for"
        ),
        "accuracy": described(_SHARE, "share that named the right one"),
        "low": described(_SHARE, "lower end of its Wilson interval of 95 %"),
        "high": described(_SHARE, "upper end of its Wilson interval of 95 %"),
    }
)
_DIEBOLD_MARIANO = object_of(
    {
        "statistic": described(
            NUMBER, "mean difference of absolute errors, model less random walk, as a t statistic"
        ),
        "p_value": described(_SHARE, "two-sided; not corrected for how many scores are looked at"),
        "n_degrees": described(COUNT, "degrees of freedom: non-overlapping outcomes less one"),
    }
)
_INTERVAL = object_of(
    {
        "n": described(COUNT, "forecasts that gave an interval"),
        "coverage": described(_SHARE, "share of outcomes in it"),
        "nominal_coverage": described(_SHARE, "share that was meant to be"),
        "mean_width": described(NUMBER, "in quote"),
        "pinball_loss": described(NUMBER, "mean over both ends, in quote"),
    }
)
SCORE_SCHEMA = object_of(
    {
        "model": described(STRING, "model that made the forecasts"),
        "model_version": described(STRING, "version of that model"),
        "horizon": described(STRING, "how far ahead they look"),
        "data": described(STRING, "real, or generated"),
        "timeliness": described(STRING, "live, or replay: the broker had them too late for a track record"),
        "window": described(STRING, "how far back from date_fin the target times reach"),
        "n": described(COUNT, "forecasts with a realised price: what every figure here is of"),
        "n_non_overlapping": described(COUNT, "the most of them without a common moment"),
        "n_replay": described(
            COUNT, "of live ones: forecasts of the same model that came too late, which are scored apart"
        ),
        "n_without_price": described(COUNT, "forecasts whose price never came; not scored"),
        "origins": described(STRINGS, "where the numbers come from: collected, generated"),
        "mean_absolute_error": described(nullable(NUMBER), "in quote"),
        "random_walk_error": described(nullable(NUMBER), "the random walk's, on the same targets"),
        "relative_error": described(nullable(NUMBER), "the first over the second; below 1 is better"),
        "direction": described(nullable(_DIRECTION), "up or down; null where no forecast named one"),
        "diebold_mariano": described(nullable(_DIEBOLD_MARIANO), "null where there is too little to tell"),
        "interval": described(nullable(_INTERVAL), "intervals; null where no forecast gave one"),
        "beats_random_walk": described(
            BOOLEAN, "whether the error is significantly smaller than the random walk's"
        ),
        "verdict": described(STRING, "the same in words"),
    }
)
