import assert from "node:assert/strict";
import { test } from "node:test";
import type { PriceRow, TextRow } from "../source/api-types.ts";
import { beyond, covers, foldForecasts, foldPrices, foldTexts, furthest } from "../source/live-rows.ts";
import { backoffMs } from "../source/backoff.ts";
import { parseEnvelope } from "../source/live-socket.ts";

const MARKET = { venue: "simx", quote: "usd" };
const price = (second: number, value: number, more: Partial<PriceRow> = {}): PriceRow => ({
  event_time: new Date(second * 1_000).toISOString(), price: value, ...MARKET, message_id: `${second}`, origin: "collected", ...more,
});
const text = (second: number, score: number | null, label: string): TextRow => ({
  event_time: new Date(second * 1_000).toISOString(), score, label, p_negative: null, p_neutral: null, p_positive: null, model: "m", source: null, title: null, url: null, language: null, terms: null, message_id: `${second}`, origin: "generated",
});

test("an answer covers an update when it reaches as far in each of its partitions", () => {
  assert.equal(covers({ a: [5, 9] }, { a: [5, 9] }), true);
  assert.equal(covers({ a: [5, 9] }, { a: [-1, 9] }), true);
  assert.equal(covers({ a: [5, 9] }, { a: [6, 9] }), false);
  assert.equal(covers({ a: [5] }, { a: [-1, 0] }), false);
  assert.equal(covers({ recreated: [99] }, { a: [1] }), false);
});

test("the furthest of two positions is taken for each partition", () => {
  assert.deepEqual(furthest({ a: [1, 7], b: [3] }, { a: [4, -1, 2], c: [0] }), { a: [4, 7, 2], b: [3], c: [0] });
});

test("of live rows those stay that the answer lacks, each once", () => {
  const rows = [1, 2, 3, 3].map((offset) => ({ position: { a: [offset] }, row: { message_id: `m${offset}` } }));
  assert.deepEqual(beyond(rows, { a: [1] }).map(({ row }) => row.message_id), ["m2", "m3"]);
});

test("prices of the market go into their buckets, others nowhere", () => {
  const known = [{ time: 60_000, open: 10, high: 12, low: 9, close: 11, ...MARKET, count: 4, origins: ["collected"], complete: false }];
  const rows = [price(70, 13), price(119, 8, { origin: "replay" }), price(120, 9), price(71, 99, { venue: "other" }), price(72, 99, { quote: "eur" })];
  assert.deepEqual(foldPrices(known, rows, 60_000, MARKET), [
    { time: 60_000, open: 10, high: 13, low: 8, close: 8, ...MARKET, count: 6, origins: ["collected", "replay"], complete: false },
    { time: 120_000, open: 9, high: 9, low: 9, close: 9, ...MARKET, count: 1, origins: ["collected"], complete: false },
  ]);
});

test("scored texts move the mean, unscored ones nothing", () => {
  const known = [{ time: 0, mean: 0.5, min: 0.5, max: 0.5, count: 1, positive: 1, negative: 0, origins: ["collected"], complete: false }];
  const [bucket] = foldTexts(known, [text(1, -0.5, "negative"), text(2, 0.3, "neutral"), text(3, null, "unscored")], 60_000);
  assert.ok(Math.abs(bucket!.mean - 0.1) < 1e-12);
  assert.deepEqual({ ...bucket, mean: 0 }, { time: 0, mean: 0, min: -0.5, max: 0.5, count: 3, positive: 1, negative: 1, origins: ["collected", "generated"], complete: false });
});

test("a late row goes where it belongs", () => {
  const folded = foldTexts([{ time: 60_000, mean: 0, min: 0, max: 0, count: 1, positive: 0, negative: 0, origins: [], complete: true }], [text(1, 1, "positive")], 60_000);
  assert.deepEqual(folded.map(({ time, count }) => [time, count]), [[0, 1], [60_000, 1]]);
});

test("forecasts of other models stay out", () => {
  const row = { made_at: "2026-01-01T00:00:00Z", target_time: "2026-01-01T01:00:00Z", horizon: "1h", model: "drift", predicted_price: 1, lower: null, upper: null, nominal_coverage: null, message_id: "a", origin: "collected" };
  assert.equal(foldForecasts([], [row, { ...row, message_id: "b", model: "other" }, { ...row, message_id: "c", horizon: "5m" }], "drift", "1h").length, 1);
});

test("only messages of this contract are envelopes", () => {
  assert.equal(parseEnvelope('{"v":1,"type":"heartbeat"}')?.type, "heartbeat");
  for (const other of ['{"v":2,"type":"update"}', "[]", "null", "{", '"update"', '{"type":"update"}', new ArrayBuffer(3)]) assert.equal(parseEnvelope(other), null);
});

test("waits double, stop growing, and are spread", () => {
  const waits = [1, 2, 3, 9].map((n) => backoffMs(n, { first: 100, longest: 1_000, jitter: 1, random: () => 0 }));
  assert.deepEqual(waits, [100, 200, 400, 1_000]);
  assert.equal(backoffMs(1, { first: 100, longest: 1_000, jitter: 1, random: () => 0.5 }), 150);
});
