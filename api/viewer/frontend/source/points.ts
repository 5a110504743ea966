// Points of a series as lists in ascending time: read, merged, searched, cut where something is missing. Pure.

import type { ForecastRow, PriceBucketRow, SentimentBucketRow, TextRow } from "./api-types.ts";

export interface Timed {
  readonly time: number;
}

export interface Bucket extends Timed {
  readonly count: number;
  readonly origins: readonly string[];
  readonly complete: boolean;
}

export interface PriceBucket extends Bucket {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly venue: string;
  readonly quote: string;
}

export interface SentimentBucket extends Bucket {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly positive: number;
  readonly negative: number;
}

export type Fan = readonly (number | null)[];
export const FAN_LEVELS = [0.025, 0.975, 0.1, 0.9, 0.25, 0.75] as const;
const MOVE = 0.01;

/** `time` is the instant that the forecast is about. */
export interface Forecast extends Timed {
  readonly id: string;
  readonly madeTime: number;
  readonly model: string;
  readonly horizon: string;
  readonly price: number;
  readonly lower: number | null;
  readonly upper: number | null;
  /** Ends of the intervals of 95, 80 and 50 %, the lower one of each first; without quantiles those of the one interval. */
  readonly fan: Fan;
  /** Probability of a move of more than 1 %, up or down. */
  readonly moves: number | null;
  readonly realised: number | null;
  readonly origin: string;
}

export interface Text extends Timed {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly url: string | null;
  readonly score: number | null;
  readonly label: string;
  readonly negative: number | null;
  readonly neutral: number | null;
  readonly positive: number | null;
  readonly terms: readonly string[];
  readonly model: string;
  readonly language: string | null;
  readonly origin: string;
  /** Null where the server has not assigned it yet. */
  readonly storyId: string | null;
  readonly nSources: number;
}

export function toPriceBucket(row: PriceBucketRow): PriceBucket {
  return { ...row, time: Date.parse(row.event_time) };
}

export function toSentimentBucket(row: SentimentBucketRow): SentimentBucket {
  return { ...row, time: Date.parse(row.event_time) };
}

export function toForecast(row: ForecastRow): Forecast {
  const { message_id: id, model, horizon, predicted_price: price, lower, upper, origin } = row;
  const realised = row.realised_price ?? null;
  const moves = row.moves?.find(({ threshold }) => threshold === MOVE)?.probability ?? null;
  return {
    id, model, horizon, price, lower, upper, fan: toFan(row), moves, origin, realised,
    time: Date.parse(row.target_time), madeTime: Date.parse(row.made_at),
  };
}

function toFan({ quantiles, lower, upper }: ForecastRow): Fan {
  const ends = FAN_LEVELS.map((level) => quantiles?.values[quantiles.levels.indexOf(level)]);
  const isWhole = ends.every((end): end is number => end !== undefined);
  return isWhole ? ends : [lower, upper, null, null, null, null];
}

export function toText(row: TextRow): Text {
  const { message_id: id, url, score, label, model, language, origin } = row;
  return {
    id, url, score, label, model, language, origin,
    negative: row.p_negative ?? null,
    neutral: row.p_neutral ?? null,
    positive: row.p_positive ?? null,
    time: Date.parse(row.event_time),
    title: row.title ?? row.source ?? "",
    source: row.source ?? "",
    terms: row.terms ?? [],
    storyId: row.story_id ?? null,
    nSources: row.n_sources ?? 1,
  };
}

/** Known points with everything from an instant on replaced by what was read of it. */
export function replaceFrom<P extends Timed>(known: readonly P[], fresh: readonly P[], fromTime: number): P[] {
  return [...known.filter(({ time }) => time < fromTime), ...fresh];
}

/** Forecasts by id, the later reading of each, in the order of their target times. */
export function mergeForecasts(known: readonly Forecast[], fresh: readonly Forecast[]): Forecast[] {
  const byId = new Map(known.map((forecast) => [forecast.id, forecast]));
  for (const forecast of fresh) byId.set(forecast.id, forecast);
  return [...byId.values()].sort((a, b) => a.time - b.time);
}

/** The newest point of each bucket of this width. */
export function downsample<P extends Timed>(points: readonly P[], width: number): P[] {
  const selected: P[] = [];
  for (const point of points) {
    const newest = selected.at(-1);
    if (newest && Math.floor(newest.time / width) === Math.floor(point.time / width)) selected.pop();
    selected.push(point);
  }
  return selected;
}

/** Runs of buckets that follow each other without a missing one. */
export function bucketSegments<P extends Timed>(points: readonly P[], width: number): P[][] {
  return split(points, (before, after) => after.time - before.time > width);
}

/** Runs of buckets of one market: a line from one market's price to another's would show a move that nobody could trade. */
export function marketSegments(points: readonly PriceBucket[], width: number): PriceBucket[][] {
  return split(points, (before, after) => after.time - before.time > width || !isOneMarket(before, after));
}

export function isOneMarket(a: PriceBucket, b: PriceBucket): boolean {
  return a.venue === b.venue && a.quote === b.quote;
}

const AROUND = 5;
const HOLE_FACTOR = 2.5;

/**
 * Runs of points without a fixed spacing. A hole is a spacing far above what is usual around it, so that a
 * series that is dense here and rare there has holes only where something is missing.
 */
export function pathSegments<P extends Timed>(points: readonly P[], leastHole: number): P[][] {
  const spacings = points.slice(1).map((point, i) => point.time - points[i]!.time);
  const isHole = spacings.map((spacing, i) => {
    if (spacing <= leastHole) return false;
    const around = spacings.slice(Math.max(0, i - AROUND), i + AROUND + 1).sort((a, b) => a - b);
    return spacing > HOLE_FACTOR * around[Math.floor(around.length * 0.75)]!;
  });
  return split(points, (_before, _after, i) => isHole[i] === true);
}

/** The index of the first point at or after a time. */
export function firstFrom<P extends Timed>(points: readonly P[], time: number): number {
  let low = 0, high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.time < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function within<P extends Timed>(points: readonly P[], from: number, to: number): readonly P[] {
  return points.slice(firstFrom(points, from), firstFrom(points, to));
}

/** The point nearest to a time, or null where none is within the tolerance. */
export function nearest<P extends Timed>(points: readonly P[], time: number, tolerance: number): P | null {
  const after = firstFrom(points, time);
  const [left, right] = [points[after - 1], points[after]];
  const best = !left ? right : !right ? left : time - left.time <= right.time - time ? left : right;
  return best && Math.abs(best.time - time) <= tolerance ? best : null;
}

/** The bucket that holds an instant. */
export function bucketAt<P extends Timed>(points: readonly P[], time: number, width: number): P | null {
  const found = points[firstFrom(points, time + 1) - 1];
  return found && time < found.time + width ? found : null;
}

/** True where the realised price is inside a forecast's interval; null without a price or an interval. */
export function isInside({ realised, lower, upper }: Forecast): boolean | null {
  if (realised === null || lower === null || upper === null) return null;
  return lower <= realised && realised <= upper;
}

export function originsOf(points: readonly (Bucket | Forecast)[]): Set<string> {
  return new Set(points.flatMap((point) => ("origins" in point ? point.origins : [point.origin])));
}

function split<P>(points: readonly P[], isHole: (before: P, after: P, i: number) => boolean): P[][] {
  const segments: P[][] = [];
  points.forEach((point, i) => {
    if (i === 0 || isHole(points[i - 1]!, point, i - 1)) segments.push([]);
    segments.at(-1)!.push(point);
  });
  return segments;
}
