"""Schemas of histories and scores: the request as it was understood, points, buckets, envelopes."""

from api.docs.answer_schemas import MARKET, ORIGINS
from api.http.json_schema import (
    BOOLEAN,
    COUNT,
    INTEGER,
    NUMBER,
    STRING,
    STRINGS,
    TIME,
    Document,
    array_of,
    described,
    nullable,
    object_of,
    open_object_of,
    reference,
    with_optional,
)
from api.score.distribution_schema import DISTRIBUTION_SCHEMA
from api.score.schema import SCORE_SCHEMA
from lakehouse.messages.contract import PREDICTED_PRICE
from lakehouse.schema.spec import DeltaType
from lakehouse.series.aggregates import MARKET_COLUMNS
from lakehouse.series.definitions import PRICE_GRACE_US, SENTIMENT, SERIES, TEXT_GRACE_US, Series
from lakehouse.time_range import MINUTE_US

_TYPES: dict[str, Document] = {
    "string": STRING,
    "long": INTEGER,
    "integer": INTEGER,
    "double": NUMBER,
    "boolean": BOOLEAN,
    "timestamp": TIME,
}
_PART_MEANINGS = {part.name: part.meaning for field in PREDICTED_PRICE.fields for part in field.parts}
_NEVER_NULL = ("event_time", "made_at", "target_time", "symbol", "message_id", "origin")
_BUCKET_FIELDS: Document = {
    "event_time": described(TIME, "start of the bucket, UTC; it ends one intervalle later"),
    "count": described(
        COUNT, "rows in the bucket; with par=histoire stories, each counted at its first scored text"
    ),
    "mean": described(nullable(NUMBER), "mean of the scores, in [-1, 1]"),
    "min": described(nullable(NUMBER), "lowest score"),
    "max": described(nullable(NUMBER), "highest score"),
    "positive": described(COUNT, "texts that the model called positive"),
    "negative": described(COUNT, "texts that the model called negative"),
    "open": described(nullable(NUMBER), "first price of the market that is shown, in its quote currency"),
    "high": described(nullable(NUMBER), "highest price"),
    "low": described(nullable(NUMBER), "lowest price"),
    "close": described(nullable(NUMBER), "last price"),
    "volume": described(nullable(NUMBER), "traded amount in base units; null where the market gives none"),
    "origins": ORIGINS,
    "venue": described(
        nullable(STRING), "venue of the market that the bucket is of; null where it was filled"
    ),
    "quote": described(nullable(STRING), "quote currency of that market"),
    "complete": described(
        BOOLEAN,
        "the range, retention and the asset cut nothing off, and the market's prices have passed the bucket's end, or "
        f"{PRICE_GRACE_US // MINUTE_US} min (texts: {TEXT_GRACE_US // MINUTE_US} min) have; else figures may change",
    ),
    "filled": described(BOOLEAN, "true where the bucket has no rows and was filled as remplissage asks"),
}
REQUEST: Document = {
    "serie": described(STRING, "sentiment, prediction or prix"),
    "symbol": described(STRING, "symbol, in lower case"),
    "date_debut": described(TIME, "start of the range, included"),
    "date_fin": described(TIME, "end of the range, left out"),
    "intervalle": described(STRING, "brut, or the width of a bucket"),
    "fuseau": described(STRING, "time zone of the buckets, where one was asked for"),
    "limite": described(
        nullable(COUNT), "most points of the page; null where the whole range is downsampled"
    ),
    "remplissage": described(STRING, "of buckets: what one without rows becomes"),
    "par": described(STRING, "of buckets of sentiments: what counts as one, texte or histoire"),
    "points": described(COUNT, "most points of the curve, where it is downsampled"),
    "points_lus": described(COUNT, "points that these were chosen from"),
    "axe": described(STRING, "of predictions: the time that the range is on"),
    "modele": described(nullable(STRING), "of predictions: the model that was asked for; null: all"),
    "horizon": described(nullable(STRING), "of predictions: the horizon that was asked for; null: all"),
    "a_la_date": described(TIME, "of time travel: the instant that the tables are read at"),
    "connu_le": described(TIME, "the instant that the answer was known at"),
    "marche": {**MARKET, "description": "of prices: the market that is shown"},
}
MARKETS = described(
    array_of(
        object_of(
            {
                "venue": described(STRING, "venue of the market"),
                "quote": described(STRING, "its quote currency"),
                "start_time": described(TIME, "start of its part of the range, included"),
                "end_time": described(TIME, "end of its part, left out"),
                "asset": described(nullable(STRING), "asset that an operator said the symbol is; null: none"),
                "asset_since": described(nullable(TIME), "from when on it is that asset"),
            }
        )
    ),
    "the primary market of each part of the range, ascending",
)
_ENVELOPE: Document = {
    "suivant": described(
        nullable(STRING), "path and query of the next page, back in time; null at the start of the range"
    ),
    "complet": described(
        BOOLEAN,
        "false where the answer leaves rows out: a next page, rows that points thinned, or rows that retention "
        "removed",
    ),
    "retained_from": described(
        nullable(TIME),
        "first instant that retention has left, where the range reaches before it and the answer lacks what was "
        "there; null where nothing is lacking",
    ),
    "snapshot": described(array_of(reference("Snapshot")), "one entry for each table that was read"),
}
_ALWAYS_REQUESTED = ("serie", "symbol", "date_debut", "date_fin", "intervalle", "limite")
_REALISED = (
    "last price at or before target_time, at most 2 minutes old, of the market that was the primary one when the "
    "forecast was made; null until known"
)


_STORY_FIELDS: Document = {
    "story_id": described(
        nullable(STRING),
        "message_id of the first text of the story that this text tells, its own where it is the first",
    ),
    "n_sources": described(nullable(COUNT), "sources that have told the story by now"),
}


def history_schemas() -> Document:
    """Return {name: schema} of the histories and the scorecard."""
    schemas: Document = {
        "HistoryRequest": described(
            open_object_of(REQUEST, required=_ALWAYS_REQUESTED), "the request as it was understood"
        ),
        "Score": described(
            SCORE_SCHEMA, "skill of one model, version, horizon and kind of data over one window"
        ),
        "DistributionScore": described(
            DISTRIBUTION_SCHEMA,
            "how good the distributions of one model, version, horizon and kind of data were",
        ),
        "Scorecard": _scorecard(),
        "Exclusions": _exclusions(),
    }
    for series in SERIES.values():
        schemas[row_name(series)] = _row(series)
        if series.has_buckets:
            schemas[bucket_name(series)] = _bucket(series)
        schemas[history_name(series)] = _history(series)
    return schemas


def history_name(series: Series) -> str:
    """Return the name of a history's schema."""
    return f"{series.name.title()}History"


def row_name(series: Series) -> str:
    """Return the name of the schema of a row."""
    return f"{series.name.title()}Row"


def bucket_name(series: Series) -> str:
    """Return the name of the schema of a bucket."""
    return f"{series.name.title()}Bucket"


def _exclusions() -> Document:
    record = {
        "topic_id": described(STRING, "id of the record's topic"),
        "partition": described(COUNT, "its partition"),
        "offset": described(COUNT, "its offset"),
        "excluded_time": described(TIME, "when it was taken out"),
    }
    properties = {
        "n": described(COUNT, "how many there are"),
        "records": described(array_of(object_of(record)), "the first hundred of them"),
    }
    return described(
        object_of(properties),
        "with connu_le: records of the tables, of whatever symbol, that were known then and that an operator took out "
        "since, so that the answer lacks them",
    )


def points_of(series: Series) -> Document:
    """Return the schema of a point."""
    row = reference(row_name(series))
    return {"oneOf": [row, reference(bucket_name(series))]} if series.has_buckets else row


def envelope_of(*names: str) -> Document:
    """Return {name: schema} of members that say what an answer has, and what it lacks."""
    return {name: _ENVELOPE[name] for name in names}


def _history(series: Series) -> Document:
    properties = {
        "requete": reference("HistoryRequest"),
        **({"marches": MARKETS} if series.has_market or not series.has_buckets else {}),
        "points": described(
            array_of(points_of(series)), "ascending in time; without a cursor the newest of the range"
        ),
        **envelope_of("suivant", "complet", "retained_from", "snapshot"),
    }
    page = with_optional(object_of(properties), {"exclus": reference("Exclusions")})
    return described(page, f"one page of {series.table.grain}")


def _row(series: Series) -> Document:
    columns = {column.name: column for column in series.table.columns}
    properties = {
        name: described(_to_schema(name, columns[name].type), columns[name].meaning)
        for name in series.raw_columns
    }
    if series is SENTIMENT:
        properties |= _STORY_FIELDS
    if not series.has_buckets:
        properties["realised_price"] = described(nullable(NUMBER), _REALISED)
    return described(object_of(properties), series.table.grain)


def _bucket(series: Series) -> Document:
    names = (*series.bucket_columns, *(MARKET_COLUMNS if series.has_market else ()), "complete", "filled")
    return described(
        object_of({name: _BUCKET_FIELDS[name] for name in names}),
        f"rows of one interval, with intervalle other than brut: {series.table.grain}",
    )


def _scorecard() -> Document:
    request = {
        "symbol": described(STRING, "symbol, in lower case"),
        "modele": described(nullable(STRING), "model that was asked for; null: all"),
        "horizon": described(nullable(STRING), "horizon that was asked for; null: all"),
        "date_fin": described(TIME, "end of the windows"),
        "fenetres": described(STRINGS, "windows, back from date_fin"),
    }
    properties = {
        "requete": described(
            open_object_of(request, required=tuple(request)), "the request as it was understood"
        ),
        "asset": described(nullable(STRING), "asset that an operator said the symbol is; null: none"),
        "asset_since": described(
            nullable(TIME), "from when on the symbol is that asset; no earlier forecast counts"
        ),
        "sentences": described(
            STRINGS, "what the figures show, and what they do not, of the symbol as a whole"
        ),
        "scores": described(
            array_of(reference("Score")), "one for each model, version, horizon, kind of data and window"
        ),
        "distributions": described(
            array_of(reference("DistributionScore")),
            "one for each model, version, horizon and kind of data, over six to nine months",
        ),
        "snapshot": described(array_of(reference("Snapshot")), "one entry for each table that was read"),
    }
    return described(object_of(properties), "what the forecasts of a symbol were worth")


def _to_schema(name: str, delta_type: DeltaType) -> Document:
    schema = _schema_of_type(delta_type)
    return schema if name in _NEVER_NULL else nullable(schema)


def _schema_of_type(delta_type: DeltaType) -> Document:
    if not isinstance(delta_type, dict):
        return _TYPES[delta_type]
    if delta_type["type"] == "array":
        return array_of(_schema_of_type(delta_type["elementType"]))
    fields = ((field["name"], _schema_of_type(field["type"])) for field in delta_type["fields"])
    return object_of({name: described(schema, _PART_MEANINGS[name]) for name, schema in fields})
