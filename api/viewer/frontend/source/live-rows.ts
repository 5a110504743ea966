// Rows of the WebSocket on top of what a history answer holds: one series, without a hole and without a repeat. Pure.

import type { ForecastRow, PriceRow, TextRow, Vector } from "./api-types.ts";
import type { Market } from "./part.ts";
import { mergeForecasts, toForecast, type Forecast, type PriceBucket, type SentimentBucket } from "./points.ts";
import { floorTo } from "./times.ts";

/** One update: the row, and how far into Kafka the client is with it. */
export interface LiveRow<Row> {
  readonly position: Vector;
  readonly row: Row;
}

/** True where a history answer that reaches to `reached` already holds an update with this position. */
export function covers(reached: Vector, position: Vector): boolean {
  return Object.entries(position).every(([topicId, offsets]) =>
    offsets.every((offset, partition) => offset <= (reached[topicId]?.[partition] ?? -1)),
  );
}

/** The furthest of both, per partition. */
export function furthest(a: Vector, b: Vector): Vector {
  const merged: Record<string, readonly number[]> = { ...a };
  for (const [topicId, offsets] of Object.entries(b)) {
    const known = merged[topicId] ?? [];
    const length = Math.max(known.length, offsets.length);
    merged[topicId] = Array.from({ length }, (_, i) => Math.max(known[i] ?? -1, offsets[i] ?? -1));
  }
  return merged;
}

/** The rows that an answer lacks, each once. */
export function beyond<Row extends { message_id: string }>(rows: readonly LiveRow<Row>[], reached: Vector): LiveRow<Row>[] {
  const seen = new Set<string>();
  return rows.filter(({ row, position }) => {
    if (seen.has(row.message_id) || covers(reached, position)) return false;
    seen.add(row.message_id);
    return true;
  });
}

/** Buckets with rows of their market folded in, in the order in which they came. */
export function foldPrices(buckets: readonly PriceBucket[], rows: readonly PriceRow[], width: number, market: Market | null): PriceBucket[] {
  const ours = rows.filter(({ venue, quote }) => market === null || (venue === market.venue && quote === market.quote));
  return fold(buckets, ours, width, (bucket, time, { price, origin, venue, quote }) =>
    bucket === null
      ? { time, open: price, high: price, low: price, close: price, venue, quote, count: 1, origins: [origin], complete: false }
      : {
          ...bucket,
          high: Math.max(bucket.high, price),
          low: Math.min(bucket.low, price),
          close: price,
          count: bucket.count + 1,
          origins: withOrigin(bucket.origins, origin),
        },
  );
}

/** Buckets with scored texts folded in; what nobody could score is in no bucket. */
export function foldTexts(buckets: readonly SentimentBucket[], rows: readonly TextRow[], width: number): SentimentBucket[] {
  const scored = rows.filter((row) => row.score !== null);
  return fold(buckets, scored, width, (bucket, time, { score, label, origin }) => {
    const value = score ?? 0;
    const before = bucket ?? { mean: 0, min: value, max: value, count: 0, positive: 0, negative: 0, origins: [], complete: false };
    const count = before.count + 1;
    return {
      time, count,
      mean: (before.mean * before.count + value) / count,
      min: Math.min(before.min, value),
      max: Math.max(before.max, value),
      positive: before.positive + Number(label === "positive"),
      negative: before.negative + Number(label === "negative"),
      origins: withOrigin(before.origins, origin),
      complete: before.complete,
    };
  });
}

export function foldForecasts(known: readonly Forecast[], rows: readonly ForecastRow[], model: string | null, horizon: string | null): Forecast[] {
  return mergeForecasts(known, rows.filter((row) => row.model === model && row.horizon === horizon).map(toForecast));
}

function fold<B extends { readonly time: number }, Row extends { readonly event_time: string }>(
  buckets: readonly B[], rows: readonly Row[], width: number, add: (bucket: B | null, time: number, row: Row) => B,
): B[] {
  const byTime = new Map(buckets.map((bucket) => [bucket.time, bucket]));
  for (const row of rows) {
    const time = floorTo(Date.parse(row.event_time), width);
    byTime.set(time, add(byTime.get(time) ?? null, time, row));
  }
  return [...byTime.values()].sort((a, b) => a.time - b.time);
}

function withOrigin(origins: readonly string[], origin: string): readonly string[] {
  return origins.includes(origin) ? origins : [...origins, origin].sort();
}
