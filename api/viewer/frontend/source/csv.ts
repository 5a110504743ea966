// Export of the shown points as CSV: one row a point, one column for each member of a point. Pure.

import type { Heat } from "./side-readings.ts";
import { within } from "./points.ts";
import type { Dataset } from "./reading.ts";
import { WIDTHS, type Span } from "./times.ts";

const COLUMNS = [
  "series", "symbol", "time", "interval", "open", "high", "low", "close", "count", "mean", "min", "max", "positive", "negative",
  "model", "horizon", "made_at", "predicted_price", "lower", "upper", "realised_price", "venue", "quote", "complete", "origins",
] as const;
type Cells = Partial<Record<(typeof COLUMNS)[number], string | number | boolean | null>>;

export function toCsv(dataset: Dataset, heat: Heat, span: Span): string {
  const { symbol, intervals, kind } = dataset;
  const buckets = <P extends { readonly time: number }>(points: readonly P[], interval: keyof typeof WIDTHS) =>
    within(points, span.from - WIDTHS[interval] + 1, span.to);
  const rows: Cells[] = [
    ...buckets(dataset.price.points, intervals.price).map(({ time, origins, ...point }) => ({
      series: "prix", symbol, time: iso(time), interval: intervals.price, ...pick(point, ["open", "high", "low", "close", "count", "venue", "quote", "complete"]), origins: origins.join(" "),
    })),
    ...buckets(dataset.sentiment.points, intervals.sentiment).map((point) => ({ ...sentimentCells(symbol, intervals.sentiment, point) })),
    ...within(dataset.forecasts.points, span.from, span.to).map((point) => ({
      series: "prediction", symbol, time: iso(point.time), model: kind?.model ?? null, horizon: kind?.horizon ?? null, made_at: iso(point.madeTime),
      predicted_price: point.price, lower: point.lower, upper: point.upper, realised_price: point.realised, origins: point.origin,
    })),
    ...heat.rows.flatMap(({ asset, buckets: of }) =>
      asset.symbol === symbol ? [] : buckets(of, heat.interval).map((point) => sentimentCells(asset.symbol, heat.interval, point)),
    ),
  ];
  return [COLUMNS.join(","), ...rows.map((row) => COLUMNS.map((name) => cell(row[name])).join(","))].join("\r\n") + "\r\n";
}

function sentimentCells(symbol: string, interval: string, point: Dataset["sentiment"]["points"][number]): Cells {
  const { time, origins } = point;
  const figures = pick(point, ["count", "mean", "min", "max", "positive", "negative", "complete"]);
  return { series: "sentiment", symbol, time: iso(time), interval, ...figures, origins: origins.join(" ") };
}

function pick<P, K extends keyof P>(point: P, names: readonly K[]): Pick<P, K> {
  return Object.fromEntries(names.map((name) => [name, point[name]])) as Pick<P, K>;
}

/** Quoted where it must be; a text that a spreadsheet would run as a formula stays a text. */
function cell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const text = /^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
