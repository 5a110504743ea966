"""The JSON Schema of one entry of the distributions' scores."""

from api.http.json_schema import (
    COUNT,
    NUMBER,
    STRING,
    TIME,
    Document,
    array_of,
    described,
    nullable,
    object_of,
)

_SHARE: Document = {"type": "number", "minimum": 0, "maximum": 1}
_SOME_SHARE = nullable(_SHARE)
_COMPARISON = object_of(
    {
        "reference": described(STRING, "constant-volatility or ewma: the price stays, moves are normal"),
        "score": described(STRING, "crps, or interval-score: of the interval of nominal coverage"),
        "n": described(COUNT, "outcomes of which both say something"),
        "model_bp": described(
            NUMBER, "mean score of the model, in basis points of the price; lower is better"
        ),
        "reference_bp": described(NUMBER, "that of the reference"),
        "difference_bp": described(NUMBER, "the first less the second"),
        "skill": described(NUMBER, "1 - model / reference; above 0 is better"),
        "low": described(nullable(NUMBER), "lower end of the skill's interval of 95 %, for one look"),
        "high": described(nullable(NUMBER), "its upper end"),
        "p_value": described(nullable(_SHARE), "Diebold and Mariano's, two-sided, for one look"),
    }
)
_POINT = object_of(
    {
        "loss": described(STRING, "absolute or squared"),
        "functional": described(STRING, "what minimises the loss: median or mean"),
        "model": described(NUMBER, "mean loss, in basis points of the price, or their squares"),
        "random_walk": described(NUMBER, "that of the price that stays"),
        "ratio": described(nullable(NUMBER), "the first over the second; null where the price never moved"),
        "p_value": described(nullable(_SHARE), "Diebold and Mariano's, two-sided, for one look"),
    }
)
_COVERAGE = object_of(
    {
        "nominal": described(_SHARE, "share that was meant to be within the interval"),
        "share": described(_SHARE, "share that was"),
        "low": described(_SHARE, "lower end of its interval of 95 % (Wilson), for n_apart outcomes"),
        "high": described(_SHARE, "its upper end"),
        "by_volatility_decile": described(
            array_of(_SOME_SHARE), "by tenth of the width, the calmest first; null: under 100 outcomes"
        ),
        "by_hour": described(array_of(_SOME_SHARE), "by hour of the day, UTC; null: under 100 outcomes"),
        "after_jump": described(_SOME_SHARE, "in the half hour after a return of over six deviations"),
        "worst_week": described(_SOME_SHARE, "in the week with the least"),
        "tests": described(
            object_of(
                {
                    "kupiec": described(_SOME_SHARE, "p-value: the share of misses is the nominal one"),
                    "christoffersen": described(_SOME_SHARE, "p-value: misses are independent"),
                    "dynamic_quantile": described(
                        _SOME_SHARE, "p-value: neither earlier misses nor the width foretell one"
                    ),
                }
            ),
            "of outcomes that do not overlap; null where they decide nothing",
        ),
    }
)
_LEVEL = object_of(
    {
        "low": described(_SHARE, "level from which on"),
        "high": described(_SHARE, "level up to which"),
        "share": described(_SHARE, "share of outcomes between the quantiles of both"),
        "expected": described(_SHARE, "share that ought to be"),
    }
)
_RELIABILITY = object_of(
    {
        "n": described(COUNT, "outcomes whose stated probability was in this tenth"),
        "stated": described(_SHARE, "mean stated probability"),
        "happened": described(_SHARE, "share in which it happened"),
    }
)
_EVENT = object_of(
    {
        "move": described(NUMBER, "the event: a move of more than this share of the price, up or down"),
        "base_rate": described(_SHARE, "share of outcomes that had it"),
        "brier_skill": described(NUMBER, "1 - Brier score / that of the base rate; above 0 is better"),
        "p_value": described(_SOME_SHARE, "Diebold and Mariano's of that difference, for one look"),
        "calibration_error": described(_SHARE, "mean distance of statement and frequency, over tenths"),
        "reliability": described(array_of(_RELIABILITY), "the reliability curve"),
    }
)
_VERDICT = object_of(
    {
        "reference": described(STRING, "constant-volatility, ewma, or random-walk for point forecasts"),
        "verdict": described(STRING, "better, worse, undecided or too little data"),
        "n": described(COUNT, "outcomes that do not overlap"),
        "n_needed": described(COUNT, "how many a verdict needs: 30, for a day's horizon 90"),
        "gain": described(nullable(NUMBER), "mean advantage, in deviations of the reference, winsorised"),
        "gain_low": described(nullable(NUMBER), "bound from below, valid at all times at once"),
        "e_value": described(nullable({"type": "number", "minimum": 0}), "evidence for better"),
        "needed": described(NUMBER, "e-value that better needs, corrected for all rows of the symbol"),
        "shown_since": described(nullable(TIME), "target from which on it is shown; null where it is not"),
    }
)
DISTRIBUTION_SCHEMA = object_of(
    {
        "model": described(STRING, "model that made the forecasts"),
        "model_version": described(STRING, "version of that model"),
        "horizon": described(STRING, "how far ahead they look"),
        "data": described(STRING, "real, or generated"),
        "timeliness": described(STRING, "live, or replay: the broker had them too late for a track record"),
        "since": described(TIME, "when the first of them was made"),
        "until": described(TIME, "target of the last of them"),
        "n_minutes": described(COUNT, "minutes from the first to the last forecast with an interval"),
        "n_minutes_without_forecast": described(COUNT, "those of them without a forecast"),
        "n": described(COUNT, "scored forecasts, of one in five minutes or an hour"),
        "n_apart": described(COUNT, "the most of them that do not overlap"),
        "comparisons": described(array_of(_COMPARISON), "scores beside each reference"),
        "points": described(array_of(_POINT), "errors of the point forecasts"),
        "coverage": described(
            nullable(_COVERAGE),
            "share of outcomes within the interval; null, as all lists of figures are empty, for a horizon of a day "
            "or more with under 90 outcomes that do not overlap",
        ),
        "levels": described(array_of(_LEVEL), "histogram of the levels of outcomes (PIT)"),
        "events": described(array_of(_EVENT), "probabilities of moves; those that are too rare are left out"),
        "verdicts": described(array_of(_VERDICT), "beside each reference, valid however often one looks"),
    }
)
