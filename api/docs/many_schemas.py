"""Schemas of one question about many symbols: a series each."""

from api.docs.history_schemas import MARKETS, REQUEST, envelope_of, points_of
from api.http.json_schema import (
    BOOLEAN,
    STRING,
    STRINGS,
    Document,
    array_of,
    described,
    object_of,
    open_object_of,
    reference,
    with_optional,
)
from lakehouse.series.definitions import SERIES, Series

_ALWAYS_REQUESTED = ("serie", "symboles", "date_debut", "date_fin", "intervalle", "limite")


def many_name(series: Series) -> str:
    """Return the name of the schema of many histories."""
    return f"{series.name.title()}Histories"


def many_schemas() -> Document:
    """Return {name: schema} of the answers about many symbols."""
    request = {name: schema for name, schema in REQUEST.items() if name not in ("symbol", "marche")}
    schemas: Document = {
        "HistoriesRequest": described(
            open_object_of(
                {"symboles": described(STRINGS, "symbols, in lower case"), **request},
                required=_ALWAYS_REQUESTED,
            ),
            "the request about many symbols as it was understood; limite is that of all series together",
        )
    }
    for series in SERIES.values():
        schemas[f"{series.name.title()}Series"] = _series(series)
        schemas[many_name(series)] = _answer(series)
    return schemas


def _series(series: Series) -> Document:
    properties = {
        "symbol": described(STRING, "symbol, in lower case"),
        "points": described(array_of(points_of(series)), "ascending in time, the newest of the range"),
        **({"marches": MARKETS} if series.has_market or not series.has_buckets else {}),
        **envelope_of("suivant", "complet", "retained_from"),
    }
    return described(object_of(properties), f"one symbol's {series.table.grain}")


def _answer(series: Series) -> Document:
    properties = {
        "requete": reference("HistoriesRequest"),
        "series": described(
            array_of(reference(f"{series.name.title()}Series")),
            "one for each symbol: the answer to the same question about it alone, at this snapshot",
        ),
        "complet": described(BOOLEAN, "whether every series is complete"),
        **envelope_of("snapshot"),
    }
    answer = with_optional(object_of(properties), {"exclus": reference("Exclusions")})
    return described(answer, f"{series.table.grain}, of many symbols")
