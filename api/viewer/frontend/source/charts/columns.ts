// Series as columns along one ascending time, as the chart library takes them. null is a gap, undefined no value. Pure.

import type { Dataset } from "../reading.ts";
import { FAN_LEVELS, downsample, marketSegments, pathSegments, within, type Forecast, type PriceBucket } from "../points.ts";
import { HOUR, MINUTE, WIDTHS, type Span } from "../times.ts";

export type Column = (number | null | undefined)[];

export interface PriceColumns {
  readonly times: number[];
  readonly close: Column;
  readonly predicted: Column;
  /** A column for each of `FAN_LEVELS`. */
  readonly fan: readonly Column[];
  /** Runs of prices of one market without a missing bucket. */
  readonly nSegments: number;
  /** Points without neighbours, which no line shows: [time, value]. */
  readonly dots: readonly (readonly [number, number])[];
  /** The path as it is drawn: at most one forecast a bucket. */
  readonly path: readonly Forecast[];
}

const LEAST_HOLE = 15 * MINUTE;

/** A closing price stands at its bucket's end, that of an open one at now. */
export function closeTime({ time, complete }: PriceBucket, width: number, now: number): number {
  return complete ? time + width : Math.max(time, Math.min(time + width, now));
}

/** The points that a chart draws of a span: those in it and the next outside, so that lines cross the edges. */
export function inView<P extends { readonly time: number }>(points: readonly P[], { from, to }: Span, margin: number): readonly P[] {
  return within(points, from - margin, to + margin);
}

export function toPriceColumns(dataset: Dataset, now: number): PriceColumns {
  const width = WIDTHS[dataset.intervals.price];
  const path = downsample(dataset.forecasts.points, width);
  const prices = marketSegments(dataset.price.points, width);
  const forecasts = pathSegments(path, Math.max(2 * width, LEAST_HOLE));
  const of = (bucket: PriceBucket) => [closeTime(bucket, width, now), bucket.close] as const;
  const dots = [
    ...prices.filter((run) => run.length === 1).map((run) => of(run[0]!)),
    ...forecasts.filter((run) => run.length === 1).map((run) => [run[0]!.time, run[0]!.price] as const),
  ];
  const priceRows = withGaps(prices.map((run) => run.map((bucket) => ({ time: of(bucket)[0], bucket }))));
  const pathRows = withGaps(forecasts.map((run) => run.map((forecast) => ({ time: forecast.time, forecast }))));
  return { ...merge(priceRows, pathRows), nSegments: prices.length, dots, path };
}

type Row<R> = ({ readonly time: number } & R) | { readonly time: number; readonly isGap: true };

/** All rows of all runs, and between two runs a row that breaks the line. */
function withGaps<R>(runs: readonly (readonly ({ readonly time: number } & R)[])[]): Row<R>[] {
  return runs.flatMap((run, i): Row<R>[] => (i === 0 ? [...run] : [{ time: runs[i - 1]!.at(-1)!.time + 1, isGap: true }, ...run]));
}

/** A gap lasts until its series goes on: where it is open, rows of the other series are null, not undefined. */
function merge(prices: readonly Row<{ bucket: PriceBucket }>[], path: readonly Row<{ forecast: Forecast }>[]): Pick<PriceColumns, "times" | "close" | "predicted" | "fan"> {
  const times: number[] = [], close: Column = [], predicted: Column = [], fan: Column[] = FAN_LEVELS.map(() => []);
  let i = 0, j = 0, noPrice: null | undefined, noForecast: null | undefined;
  while (i < prices.length || j < path.length) {
    const left = prices[i], right = path[j];
    const time = Math.min(left?.time ?? Infinity, right?.time ?? Infinity);
    let price: Column[number] = noPrice, forecast: Forecast | null = null;
    if (left?.time === time) {
      noPrice = "isGap" in left ? null : undefined;
      price = "isGap" in left ? null : left.bucket.close;
      i += 1;
    }
    if (right?.time === time) {
      noForecast = "isGap" in right ? null : undefined;
      forecast = "isGap" in right ? null : right.forecast;
      j += 1;
    }
    times.push(time);
    close.push(price);
    predicted.push(forecast ? forecast.price : noForecast);
    for (const [i, ends] of fan.entries()) ends.push(forecast ? (forecast.fan[i] ?? null) : noForecast);
  }
  return { times, close, predicted, fan };
}

/** Least and greatest of what is in view; null where nothing is. */
export function extremes(dataset: Dataset, span: Span): readonly [number, number] | null {
  const width = WIDTHS[dataset.intervals.price];
  let least = Infinity, greatest = -Infinity;
  const take = (low: number, high: number) => {
    least = Math.min(least, low);
    greatest = Math.max(greatest, high);
  };
  for (const { close } of inView(dataset.price.points, span, width)) take(close, close);
  for (const { price, fan: [lower, upper] } of inView(dataset.forecasts.points, span, HOUR / 60)) take(lower ?? price, upper ?? price);
  return least <= greatest ? [least, greatest] : null;
}

/** A range with some room around it, never empty. */
export function padded([least, greatest]: readonly [number, number], share: number): [number, number] {
  const room = Math.max((greatest - least) * share, Math.abs(greatest) * 1e-4, 1e-9);
  return [least - room, greatest + room];
}

const USUAL_SHARE = 0.9;
const TALLEST = 4;
const LEAST_COUNT = 3;

/** The top of a scale of counts: one burst does not press all the others flat; what is higher is drawn cut off. */
export function countsTop(counts: readonly number[]): number {
  const sorted = [...counts].sort((a, b) => a - b);
  const usual = sorted[Math.floor((sorted.length - 1) * USUAL_SHARE)] ?? 0;
  return 1.12 * Math.max(LEAST_COUNT, Math.min(sorted.at(-1) ?? 0, TALLEST * usual));
}
