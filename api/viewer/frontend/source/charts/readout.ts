// Values of the charts at one instant: rows of the tooltips, and positions of their marks.

import type { State } from "../viewer.ts";
import { bucketAt, isInside, isOneMarket, nearest } from "../points.ts";
import { MINUTE, WIDTHS } from "../times.ts";
import { formatNumber, formatPrice, formatScore, formatTime, word } from "../words.ts";
import { closeTime, type PriceColumns } from "./columns.ts";

export interface Row {
  readonly label: string;
  readonly value: string;
  readonly swatch?: string;
}

export interface Mark {
  readonly time: number;
  readonly value: number;
  readonly swatch: string;
}

export interface Readout {
  readonly rows: readonly Row[];
  readonly marks: readonly Mark[];
}

const NOTHING: Readout = { rows: [], marks: [] };

export function readPriceAt(state: State, { path }: PriceColumns, time: number): Readout {
  if (state.dataset === null) return NOTHING;
  const { price, intervals } = state.dataset, width = WIDTHS[intervals.price];
  const ends = price.points, found = bucketAt(ends, time - 1, width) ?? nearest(ends, time - width, width);
  const forecast = nearest(path, time, Math.max(2 * width, 15 * MINUTE));
  const rows: Row[] = [{ label: formatTime(time), value: "" }], marks: Mark[] = [];
  if (found) {
    rows.push({ label: word("price"), value: formatPrice(found.close), swatch: "price" });
    rows.push({ label: `${word("low")} – ${word("high")}`, value: `${formatPrice(found.low)} – ${formatPrice(found.high)}` });
    if (ends.some((other) => !isOneMarket(other, found))) rows.push({ label: word("market"), value: `${found.venue} ${found.quote.toUpperCase()}` });
    if (!found.complete) rows.push({ label: word("incomplete"), value: "" });
    marks.push({ time: closeTime(found, width, state.now), value: found.close, swatch: "price" });
  }
  if (forecast) {
    rows.push({ label: word("predicted"), value: formatPrice(forecast.price), swatch: "predicted" });
    if (forecast.lower !== null && forecast.upper !== null) {
      rows.push({ label: word("interval"), value: `${formatPrice(forecast.lower)} – ${formatPrice(forecast.upper)}`, swatch: "band" });
    }
    const inside = isInside(forecast);
    const result = inside === null ? "" : ` · ${word(inside ? "within" : "outside")}`;
    if (forecast.realised !== null) rows.push({ label: word("came"), value: `${formatPrice(forecast.realised)}${result}`, ...(inside === false ? { swatch: "missed" } : {}) });
    rows.push({ label: word("madeAt", { age: formatTime(forecast.madeTime, "short") }), value: "" });
    marks.push({ time: forecast.time, value: forecast.price, swatch: "predicted" });
  }
  return { rows, marks };
}

export function readSentimentAt(state: State, time: number): Readout {
  const bucket = sentimentAt(state, time);
  if (bucket === null) return NOTHING;
  const swatch = bucket.mean >= 0 ? "positive" : "negative";
  const rows: Row[] = [
    { label: word("mean"), value: formatScore(bucket.mean), swatch },
    { label: word("spread"), value: `${formatScore(bucket.min)} … ${formatScore(bucket.max)}`, swatch: "neutral" },
  ];
  return { rows, marks: [{ time: bucket.time + sentimentWidth(state) / 2, value: bucket.mean, swatch }] };
}

export function readCountsAt(state: State, time: number): Readout {
  const bucket = sentimentAt(state, time);
  if (bucket === null) return NOTHING;
  const counts = { positive: bucket.positive, neutral: bucket.count - bucket.positive - bucket.negative, negative: bucket.negative };
  const rows: Row[] = Object.entries(counts).map(([name, n]) => ({ label: word(name as keyof typeof counts), value: formatNumber(n), swatch: name }));
  return { rows: bucket.complete ? rows : [...rows, { label: word("incomplete"), value: "" }], marks: [] };
}

/** The row under the pointer, or the chosen asset's. */
export function readHeatAt(state: State, time: number, row: number | null): Readout {
  const { rows, interval } = state.heat;
  const chosen = rows[row ?? -1] ?? rows.find(({ asset }) => asset.symbol === state.choice.symbol);
  if (!chosen) return NOTHING;
  const width = WIDTHS[interval], bucket = bucketAt(chosen.buckets, time, width);
  const label = chosen.asset.name ?? chosen.asset.symbol.toUpperCase();
  if (bucket === null) return { rows: [{ label, value: word("noText") }], marks: [] };
  const texts = bucket.count === 1 ? word("texts1") : word("textsN", { n: formatNumber(bucket.count) });
  return { rows: [{ label, value: formatScore(bucket.mean), swatch: bucket.mean >= 0 ? "positive" : "negative" }, { label: texts, value: "" }], marks: [] };
}

export function sentimentAt(state: State, time: number) {
  return state.dataset === null ? null : bucketAt(state.dataset.sentiment.points, time, sentimentWidth(state));
}

function sentimentWidth(state: State): number {
  return WIDTHS[state.dataset!.intervals.sentiment];
}
