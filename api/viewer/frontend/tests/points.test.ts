import assert from "node:assert/strict";
import { test } from "node:test";
import { bucketAt, bucketSegments, downsample, isInside, mergeForecasts, nearest, pathSegments, replaceFrom, toForecast, within, type Forecast } from "../source/points.ts";

const at = (...times: number[]) => times.map((time) => ({ time }));
const lengths = (runs: readonly (readonly unknown[])[]) => runs.map((run) => run.length);

export const forecast = (id: string, time: number, more: Partial<Forecast> = {}): Forecast => ({
  id, time, madeTime: time - 60, model: "drift", horizon: "1h", price: 100, lower: 90, upper: 110, fan: [90, 110, null, null, null, null], moves: null, realised: null, origin: "collected", ...more,
});

test("runs of buckets end where one is missing", () => {
  assert.deepEqual(lengths(bucketSegments(at(0, 1, 2, 4, 6, 7), 1)), [3, 1, 2]);
  assert.deepEqual(bucketSegments([], 1), []);
});

test("a path that is rare here and dense there has no hole; a hole is longer than what is usual around it", () => {
  assert.deepEqual(lengths(pathSegments(at(0, 60, 120, 180, 240, 245, 250, 255, 260), 5)), [9]);
  assert.deepEqual(lengths(pathSegments(at(0, 5, 10, 15, 90, 95, 100, 105), 5)), [4, 4]);
});

test("what was read again replaces what was known from there on", () => {
  assert.deepEqual(replaceFrom(at(1, 2, 3), at(2, 4), 2), at(1, 2, 4));
  assert.deepEqual(replaceFrom(at(1, 2, 3), [], 0), []);
});

test("a later reading of a forecast wins, in the order of targets", () => {
  const merged = mergeForecasts([forecast("a", 5), forecast("b", 9)], [forecast("a", 5, { realised: 101 }), forecast("c", 7)]);
  assert.deepEqual(merged.map(({ id, realised }) => [id, realised]), [["a", 101], ["c", null], ["b", null]]);
});

test("one point a bucket is its newest", () => {
  assert.deepEqual(downsample(at(0, 4, 5, 9, 12), 5), at(4, 9, 12));
});

test("a search finds what is nearest, within reason", () => {
  const points = at(0, 10, 20);
  assert.deepEqual([-4, 4, 5, 6, 16, 25, 26].map((time) => nearest(points, time, 5)?.time), [0, 0, 0, 10, 20, 20, undefined]);
  assert.equal(nearest([], 1, 5), null);
});

test("a bucket holds its beginning and not its end", () => {
  const points = at(0, 10, 30);
  assert.deepEqual([-1, 0, 9, 10, 19, 20, 29, 30].map((time) => bucketAt(points, time, 10)?.time), [undefined, 0, 0, 10, 10, undefined, undefined, 30]);
});

test("a view holds its beginning and not its end", () => {
  assert.deepEqual(within(at(0, 1, 2, 3), 1, 3), at(1, 2));
});

test("both ends of an interval are inside; nothing is known without a price or an interval", () => {
  const judged = [90, 110, 89.9, 110.1, null].map((realised) => isInside(forecast("a", 0, { realised })));
  assert.deepEqual(judged, [true, true, false, false, null]);
  assert.equal(isInside(forecast("a", 0, { realised: 100, lower: null })), null);
});

test("a forecast has a fan of three intervals, or the one of a message without quantiles", () => {
  const row = {
    made_at: "2026-01-01T00:00:00Z", target_time: "2026-01-01T01:00:00Z", horizon: "1h", model: "random-walk", predicted_price: 100, lower: 96, upper: 104,
    nominal_coverage: 0.9, message_id: "a", origin: "collected",
  };
  const levels = [0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975], values = [95, 96, 97, 99, 100, 101, 103, 104, 105];
  const whole = toForecast({ ...row, quantiles: { levels, values }, moves: [{ threshold: 0.005, probability: 0.4 }, { threshold: 0.01, probability: 0.12 }] });
  assert.deepEqual([whole.fan, whole.moves], [[95, 105, 97, 103, 99, 101], 0.12]);
  for (const quantiles of [null, { levels: [0.05, 0.95], values: [96, 104] }]) {
    assert.deepEqual(toForecast({ ...row, quantiles, moves: null }).fan, [96, 104, null, null, null, null]);
  }
  assert.equal(toForecast(row).moves, null);
});
