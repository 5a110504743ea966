// A client of the types that openapi-typescript makes of the document. Prints what it was answered, as JSON.
//
// node client.ts http://127.0.0.1:8000 TOKEN

import createClient from "openapi-fetch";
import type { components, paths } from "./api.ts";

type SentimentBucket = components["schemas"]["SentimentBucket"];
type SentimentRow = components["schemas"]["SentimentRow"];

const [baseUrl = "", token = ""] = process.argv.slice(2);
// Histories have other formats beside JSON.
type Json = "application/json" | "application/problem+json";
const api = createClient<paths, Json>({ baseUrl });
const own = createClient<paths, Json>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

function isBucket(point: SentimentBucket | SentimentRow): point is SentimentBucket {
  return "complete" in point;
}

const path = { symbol: "btc" };
const day = { date_debut: "2026-01-10", date_fin: "2026-01-11" };
const history = await api.GET("/api/v1/sentiment/{symbol}/historique", {
  params: { path, query: { ...day, intervalle: "1h" } },
});
const rows = await api.GET("/api/v1/prediction/{symbol}/historique", { params: { path, query: day } });
const prices = await api.GET("/api/v1/prix/{symbol}/historique", { params: { path, query: { ...day, limite: 1 } } });
const refused = await api.GET("/api/v1/prix/{symbol}/historique", { params: { path, query: { periode: "soon" } } });
const unknown = await api.GET("/api/v1/prix/{symbol}/historique", { params: { path: { symbol: "bttc" } } });
const closed = await api.GET("/api/v1/vues");
const made = await own.POST("/api/v1/vues", { body: { name: "mine", parameters: { symbol: "btc" } } });
const id = made.data?.id ?? "";
const changed = await own.PATCH("/api/v1/vues/{id}", {
  params: { path: { id }, header: { "If-Match": `"${made.data?.version ?? 0}"` } },
  body: { name: "renamed" },
});
const views = await own.GET("/api/v1/vues", { params: { query: { limite: 5 } } });
const assets = await api.GET("/api/v1/actifs");
const state = await api.GET("/api/v1/etat");
const score = await api.GET("/api/v1/prediction/{symbol}/score", { params: { path } });

const buckets = (history.data?.points ?? []).filter(isBucket);
console.log(
  JSON.stringify({
    counts: buckets.map((bucket) => bucket.count),
    complete: buckets.map((bucket) => bucket.complete),
    predicted: rows.data?.points.map((point) => point.predicted_price),
    next: prices.data?.suivant,
    refused: [refused.response.status, refused.error?.parameter],
    unknown: [unknown.response.status, unknown.error?.accepted],
    closed: [closed.response.status, closed.error?.title],
    views: views.data?.elements.map((view) => view.name),
    changed: changed.data?.name,
    symbols: assets.data?.actifs.map((asset) => asset.symbol),
    tables: state.data?.tables.map((table) => table.table),
    windows: score.data?.requete.fenetres,
    skill: score.data?.scores.map((entry) => entry.relative_error),
  }),
);
