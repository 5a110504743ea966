import assert from "node:assert/strict";
import { test } from "node:test";
import { between, bounded, DAY, heatInterval, horizonMs, HOUR, liveSpan, LONGEST, MINUTE, moved, priceInterval, scaled, sentimentInterval, SHORTEST } from "../source/times.ts";

test("buckets get wider with the span, and never too many for a page", () => {
  assert.deepEqual([HOUR, DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY].map((length) => priceInterval(length)), ["1m", "5m", "15m", "1h", "4h", "1d"]);
  assert.deepEqual([HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY].map(sentimentInterval), ["5m", "15m", "1h", "4h", "1d"]);
  assert.deepEqual([HOUR, DAY, 7 * DAY, 30 * DAY].map(heatInterval), ["5m", "1h", "4h", "1d"]);
});

test("a chosen detail is kept up to 30,000 buckets", () => {
  assert.equal(priceInterval(30_000 * MINUTE, "1m"), "1m");
  assert.equal(priceInterval(30_001 * MINUTE, "1m"), "1h");
  assert.equal(priceInterval(HOUR, "1d"), "1d");
});

test("a live view reaches ahead as far as its predictions, within a fifth of the range", () => {
  assert.deepEqual(liveSpan("24h", 1_000 * DAY, HOUR), { from: 999 * DAY, to: 1_000 * DAY + HOUR });
  assert.deepEqual(liveSpan("1h", 1_000 * DAY, DAY), { from: 1_000 * DAY - HOUR, to: 1_000 * DAY + 12 * MINUTE });
});

test("zooming holds the instant under the cursor where it is", () => {
  const span = { from: 0, to: 10 * HOUR };
  assert.deepEqual(scaled(span, 0.5, 2 * HOUR), { from: HOUR, to: 6 * HOUR });
  assert.deepEqual(scaled(scaled(span, 0.5, 2 * HOUR), 2, 2 * HOUR), span);
});

test("no span is shorter than five minutes or longer than a year", () => {
  const length = ({ from, to }: { from: number; to: number }) => to - from;
  assert.equal(length(scaled({ from: 0, to: HOUR }, 1e-9)), SHORTEST);
  assert.equal(length(scaled({ from: 0, to: HOUR }, 1e9)), LONGEST);
  assert.equal(length(between(7 * HOUR, 7 * HOUR)), SHORTEST);
});

test("a brush may be drawn either way", () => {
  assert.deepEqual(between(3 * HOUR, HOUR), { from: HOUR, to: 3 * HOUR });
});

test("travelling ends a little ahead of now", () => {
  assert.deepEqual(bounded(moved({ from: 0, to: HOUR }, 9 * HOUR), 5 * HOUR, HOUR), { from: 5 * HOUR, to: 6 * HOUR });
  assert.deepEqual(bounded({ from: 0, to: HOUR }, 5 * HOUR, HOUR), { from: 0, to: HOUR });
});

test("a horizon that is none is no time", () => {
  assert.deepEqual(["5m", "1h", "24h", "2d", "1w", "", null].map(horizonMs), [5 * MINUTE, HOUR, DAY, 2 * DAY, 0, 0, 0]);
});
