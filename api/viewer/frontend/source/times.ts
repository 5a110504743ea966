// Intervals and windows of time. Instants and lengths are milliseconds. Pure.

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The API's bucket widths. */
export const WIDTHS = { "1m": MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "1h": HOUR, "4h": 4 * HOUR, "1d": DAY } as const;
export type Interval = keyof typeof WIDTHS;

/** Lengths of a live view. */
export const RANGES = { "1h": HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY } as const;
export type Range = keyof typeof RANGES;

/** The shown range of time, half-open. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export const SHORTEST = 5 * MINUTE;
export const LONGEST = 370 * DAY;
/** More buckets than this nobody sees apart; three pages of an answer hold them. */
const MOST_BUCKETS = 30_000;

const PRICE_STEPS: readonly [number, Interval][] = [
  [6 * HOUR, "1m"], [36 * HOUR, "5m"], [8 * DAY, "15m"], [40 * DAY, "1h"], [200 * DAY, "4h"], [Infinity, "1d"],
];
/** Texts are rarer than prices, so their buckets are wider. */
const SENTIMENT_STEPS: readonly [number, Interval][] = [
  [3 * HOUR, "5m"], [36 * HOUR, "15m"], [8 * DAY, "1h"], [40 * DAY, "4h"], [Infinity, "1d"],
];
const HEAT_STEPS: readonly [number, Interval][] = [
  [3 * HOUR, "5m"], [8 * HOUR, "15m"], [60 * HOUR, "1h"], [12 * DAY, "4h"], [Infinity, "1d"],
];

/** A chosen width of price buckets is kept while a page can hold them. */
export function priceInterval(length: number, chosen: Interval | null = null): Interval {
  if (chosen !== null && length / WIDTHS[chosen] <= MOST_BUCKETS) return chosen;
  return pick(PRICE_STEPS, length);
}

export function sentimentInterval(length: number): Interval {
  return pick(SENTIMENT_STEPS, length);
}

export function heatInterval(length: number): Interval {
  return pick(HEAT_STEPS, length);
}

function pick(steps: readonly [number, Interval][], length: number): Interval {
  return steps.find(([most]) => length <= most)?.[1] ?? "1d";
}

export function lengthOf({ from, to }: Span): number {
  return to - from;
}

/** The last `range` up to now, and as far ahead as forecasts reach, within a fifth of the range. */
export function liveSpan(range: Range, now: number, aheadMs: number): Span {
  return { from: now - RANGES[range], to: now + Math.min(aheadMs, RANGES[range] / 5) };
}

/** The span at another scale, with the instant `at` held where it is. */
export function scaled(span: Span, factor: number, at = (span.from + span.to) / 2): Span {
  const length = Math.min(LONGEST, Math.max(SHORTEST, lengthOf(span) * factor));
  const share = (at - span.from) / lengthOf(span);
  const from = Math.round(at - share * length);
  return { from, to: from + Math.round(length) };
}

export function moved({ from, to }: Span, ms: number): Span {
  return { from: Math.round(from + ms), to: Math.round(to + ms) };
}

/** Two instants in either order as a span that is not too short to be looked at. */
export function between(a: number, b: number): Span {
  const span = { from: Math.round(Math.min(a, b)), to: Math.round(Math.max(a, b)) };
  return lengthOf(span) < SHORTEST ? scaled(span.from === span.to ? { from: a - 1, to: a + 1 } : span, 1) : span;
}

/** The same length, but not further ahead of now than `aheadMs`. */
export function bounded(span: Span, now: number, aheadMs: number): Span {
  const over = span.to - (now + aheadMs);
  return over > 0 ? moved(span, -over) : span;
}

/** A contract's horizon such as 5m, 1h or 24h; 0 where it is none. */
export function horizonMs(horizon: string | null): number {
  const found = /^(\d+)([mhd])$/.exec(horizon ?? "");
  return found ? Number(found[1]) * { m: MINUTE, h: HOUR, d: DAY }[found[2] as "m" | "h" | "d"] : 0;
}

export function floorTo(time: number, width: number): number {
  return Math.floor(time / width) * width;
}
