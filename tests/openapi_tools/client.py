"""Client of the package that openapi-python-client makes of the document. Prints what it was answered, as JSON.

python client.py http://127.0.0.1:8000 TOKEN
"""

import json
import sys

from client_of_document import AuthenticatedClient, Client
from client_of_document.api.histories import (
    prediction_historique,
    prediction_score,
    prix_historique,
    sentiment_historique,
)
from client_of_document.api.saved_views import vues_create, vues_list, vues_update
from client_of_document.api.state import actifs, etat
from client_of_document.models import (
    AssetList,
    PredictionHistory,
    PriceHistory,
    Problem,
    SavedView,
    SavedViewChange,
    SavedViewCreation,
    SavedViewPage,
    Scorecard,
    SentimentBucket,
    SentimentHistoriqueIntervalle,
    SentimentHistory,
    State,
    ViewParameters,
)

DAY = {"date_debut": "2026-01-10", "date_fin": "2026-01-11"}


def main(url: str, token: str) -> None:
    api, own = Client(base_url=url), AuthenticatedClient(base_url=url, token=token)
    hour = SentimentHistoriqueIntervalle("1h")
    history = sentiment_historique.sync("btc", client=api, **DAY, intervalle=hour)
    assert isinstance(history, SentimentHistory)
    buckets = [point for point in history.points if isinstance(point, SentimentBucket)]
    rows = prediction_historique.sync("btc", client=api, **DAY)
    assert isinstance(rows, PredictionHistory)
    prices = prix_historique.sync("btc", client=api, **DAY, limite=1)
    assert isinstance(prices, PriceHistory)
    refused = prix_historique.sync_detailed("btc", client=api, periode="soon")
    unknown = prix_historique.sync_detailed("bttc", client=api)
    closed = vues_list.sync_detailed(client=api)
    assert isinstance(refused.parsed, Problem)
    assert isinstance(unknown.parsed, Problem)
    assert isinstance(closed.parsed, Problem)
    body = SavedViewCreation(name="mine", parameters=ViewParameters(symbol="btc"))
    made = vues_create.sync(client=own, body=body)
    assert isinstance(made, SavedView)
    changed = vues_update.sync(
        made.id, client=own, body=SavedViewChange(name="renamed"), if_match=f'"{made.version}"'
    )
    assert isinstance(changed, SavedView)
    views, assets, state = (
        vues_list.sync(client=own, limite=5),
        actifs.sync(client=api),
        etat.sync(client=api),
    )
    score = prediction_score.sync("btc", client=api)
    assert isinstance(views, SavedViewPage)
    assert isinstance(assets, AssetList)
    assert isinstance(state, State)
    assert isinstance(score, Scorecard)
    answered = {
        "counts": [bucket.count for bucket in buckets],
        "complete": [bucket.complete for bucket in buckets],
        "predicted": [point.predicted_price for point in rows.points],
        "next": prices.suivant,
        "refused": [refused.status_code, refused.parsed.parameter],
        "unknown": [unknown.status_code, unknown.parsed.accepted],
        "closed": [closed.status_code, closed.parsed.title],
        "views": [view.name for view in views.elements],
        "changed": changed.name,
        "symbols": [asset.symbol for asset in assets.actifs],
        "tables": [table.table for table in state.tables],
        "windows": score.requete.fenetres,
        "skill": [entry.relative_error for entry in score.scores],
    }
    print(json.dumps(answered))


if __name__ == "__main__":
    main(*sys.argv[1:])
