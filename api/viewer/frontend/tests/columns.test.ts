import assert from "node:assert/strict";
import { test } from "node:test";
import { countsTop, extremes, padded, toPriceColumns } from "../source/charts/columns.ts";
import { heatStep, N_HEAT } from "../source/charts/theme.ts";
import { toCsv } from "../source/csv.ts";
import { UNREAD } from "../source/part.ts";
import type { Forecast, PriceBucket } from "../source/points.ts";
import type { Dataset } from "../source/reading.ts";
import { MINUTE } from "../source/times.ts";

const bucket = (minute: number, close: number, more: Partial<PriceBucket> = {}): PriceBucket => ({
  time: minute * MINUTE, open: close, high: close + 1, low: close - 1, close, venue: "kraken", quote: "usd", count: 1, origins: ["generated"], complete: true, ...more,
});
const forecast = (minute: number, price: number, more: Partial<Forecast> = {}): Forecast => ({
  id: `${minute}`, time: minute * MINUTE, madeTime: 0, model: "drift", horizon: "1h", price, lower: price - 5, upper: price + 5, fan: [price - 5, price + 5, null, null, null, null], moves: null, realised: null, origin: "generated", ...more,
});
const dataset = (price: PriceBucket[], forecasts: Forecast[] = []): Dataset => ({
  symbol: "btc", intervals: { price: "1m", sentiment: "5m" }, kind: { model: "drift", horizon: "1h" },
  price: { ...UNREAD, points: price }, sentiment: UNREAD, forecasts: { ...UNREAD, points: forecasts },
});

test("a closing price stands at the bucket's end, an open bucket's at now", () => {
  const { times, close } = toPriceColumns(dataset([bucket(0, 10), bucket(1, 11, { complete: false })]), 1.5 * MINUTE);
  assert.deepEqual([times, close], [[MINUTE, 1.5 * MINUTE], [10, 11]]);
});

test("a missing bucket breaks the line until prices go on, whatever the other series has meanwhile", () => {
  const columns = toPriceColumns(dataset([bucket(0, 10), bucket(1, 11), bucket(4, 12), bucket(5, 13)], [forecast(3, 50)]), 9 * MINUTE);
  assert.deepEqual(columns.times, [1, 2, 2, 3, 5, 6].map((minute, i) => minute * MINUTE + (i === 2 ? 1 : 0)));
  assert.deepEqual(columns.close, [10, 11, null, null, 12, 13]);
  assert.deepEqual(columns.predicted, [undefined, undefined, undefined, 50, undefined, undefined]);
  assert.equal(columns.nSegments, 2);
});

test("a change of market breaks the line, for nobody could trade the step", () => {
  const other = { venue: "binance", quote: "usdt" };
  const columns = toPriceColumns(dataset([bucket(0, 10, other), bucket(1, 11, other), bucket(2, 20), bucket(3, 21)]), 9 * MINUTE);
  assert.deepEqual(columns.close, [10, 11, null, 20, 21]);
  assert.equal(columns.nSegments, 2);
});

test("a point without neighbours is a dot, for no line shows it", () => {
  const { dots } = toPriceColumns(dataset([bucket(0, 10), bucket(3, 12), bucket(4, 13)], [forecast(9, 50)]), 9 * MINUTE);
  assert.deepEqual(dots, [[MINUTE, 10], [9 * MINUTE, 50]]);
});

test("times ascend strictly where price and forecast are of one instant", () => {
  const { times, close, predicted } = toPriceColumns(dataset([bucket(0, 10), bucket(1, 11)], [forecast(1, 50), forecast(2, 51)]), 9 * MINUTE);
  assert.deepEqual([times, close, predicted], [[MINUTE, 2 * MINUTE], [10, 11], [50, 51]]);
});

test("the scale holds prices and intervals that are in view, and those alone", () => {
  const data = dataset([bucket(0, 10), bucket(100, 999)], [forecast(5, 50), forecast(300, -999)]);
  assert.deepEqual(extremes(data, { from: 0, to: 10 * MINUTE }), [10, 55]);
  assert.equal(extremes(data, { from: 500 * MINUTE, to: 510 * MINUTE }), null);
  const [least, greatest] = padded([5, 5], 0.1);
  assert.ok(least < 5 && greatest > 5);
});

test("one burst does not press all counts flat, and a calm time fills the scale", () => {
  assert.ok(Math.abs(countsTop([...Array<number>(20).fill(10), 500]) - 44.8) < 1e-9);
  assert.ok(Math.abs(countsTop([10, 20, 30]) - 33.6) < 1e-9);
  assert.ok(Math.abs(countsTop([]) - 3.36) < 1e-9);
});

test("colours of the heatmap are symmetric about zero and full at both ends", () => {
  assert.deepEqual([-1, -0.6, 0, 0.6, 1].map(heatStep), [0, 0, (N_HEAT - 1) / 2, N_HEAT - 1, N_HEAT - 1]);
});

test("the file has what is in view, once, and no formula", () => {
  const heat = { state: "empty", detail: "", interval: "1h", rows: [] } as const;
  const hostile = { ...dataset([bucket(0, 10), bucket(50, 11)], [forecast(1, 50, { realised: 49 })]), symbol: "=1+1", kind: { model: 'a"b,c', horizon: "1h" } };
  const lines = toCsv(hostile, heat, { from: 0, to: 5 * MINUTE }).split("\r\n");
  assert.equal(lines.length, 4);
  assert.equal(lines[1], "prix,'=1+1,1970-01-01T00:00:00.000Z,1m,10,11,9,10,1,,,,,,,,,,,,,kraken,usd,true,generated");
  assert.equal(lines[2], "prediction,'=1+1,1970-01-01T00:01:00.000Z,,,,,,,,,,,,\"a\"\"b,c\",1h,1970-01-01T00:00:00.000Z,50,45,55,49,,,,generated");
});
