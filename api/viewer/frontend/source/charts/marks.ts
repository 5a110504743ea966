// Marks on the charts beside lines: bars, cells, misses, the future. Canvas pixels.

import type uPlot from "uplot";
import type { HeatRow } from "../side-readings.ts";
import { isInside, type Forecast, type SentimentBucket } from "../points.ts";
import { WIDTHS, type Interval, type Span } from "../times.ts";
import { inView } from "./columns.ts";
import { clipped, toX, toY } from "./plot.ts";
import { heatStep, type Theme } from "./theme.ts";

const GAP_SHARE = 0.14;

/** Shades the future, from a line at now on. */
export function drawFuture(u: uPlot, now: number, theme: Theme): void {
  const x = toX(u, now), { left, top, width, height } = u.bbox;
  if (x >= left + width) return;
  clipped(u, (context) => {
    context.fillStyle = theme.future;
    context.fillRect(Math.max(left, x), top, left + width - x, height);
    context.strokeStyle = theme.cursor;
    context.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, top + height);
    context.stroke();
  });
}

/** Points without neighbours. */
export function drawDots(u: uPlot, dots: readonly (readonly [number, number])[], colour: string): void {
  clipped(u, (context) => {
    context.fillStyle = colour;
    for (const [time, value] of dots) {
      context.beginPath();
      context.arc(toX(u, time), toY(u, value), 2.5 * devicePixelRatio, 0, 2 * Math.PI);
      context.fill();
    }
  });
}

/** A tick at the edge that the price went through, for each forecast that missed. */
export function drawMisses(u: uPlot, path: readonly Forecast[], span: Span, theme: Theme): void {
  const size = 3.5 * devicePixelRatio;
  clipped(u, (context) => {
    context.fillStyle = theme.missed;
    context.beginPath();
    for (const forecast of inView(path, span, 0)) {
      if (isInside(forecast) !== false) continue;
      const isAbove = forecast.realised! > forecast.upper!;
      const x = toX(u, forecast.time), y = toY(u, isAbove ? forecast.upper! : forecast.lower!), tip = isAbove ? -size : size;
      context.moveTo(x - size, y);
      context.lineTo(x + size, y);
      context.lineTo(x, y + 1.6 * tip);
      context.closePath();
    }
    context.fill();
  });
}

/** Mean of each bucket as a bar from zero, its lowest and highest score as a thin line behind. */
export function drawSentiment(u: uPlot, buckets: readonly SentimentBucket[], width: number, span: Span, at: number | null, theme: Theme): void {
  clipped(u, (context) => {
    const zero = toY(u, 0), shown = inView(buckets, span, width);
    context.fillStyle = theme.neutral;
    for (const { time, min, max } of shown) {
      const middle = toX(u, time + width / 2), thickness = Math.max(1, devicePixelRatio);
      context.fillRect(middle - thickness / 2, toY(u, max), thickness, Math.max(1, toY(u, min) - toY(u, max)));
    }
    for (const { time, mean } of shown) {
      const [x, wide] = barOf(u, time, width), y = toY(u, mean);
      context.fillStyle = mean >= 0 ? theme.positive : theme.negative;
      context.fillRect(x, Math.min(y, zero), wide, Math.max(devicePixelRatio, Math.abs(zero - y)));
    }
    context.strokeStyle = theme.axis;
    context.strokeRect(u.bbox.left - 2, zero, u.bbox.width + 4, 0);
    drawChosen(u, context, at, width, theme);
  });
}

/** Counts of texts, stacked: positive below, then neutral, then negative. A bar beyond the scale has a break. */
export function drawCounts(u: uPlot, buckets: readonly SentimentBucket[], width: number, span: Span, at: number | null, theme: Theme): void {
  clipped(u, (context) => {
    for (const { time, count, positive, negative } of inView(buckets, span, width)) {
      const [x, wide] = barOf(u, time, width);
      let below = 0;
      for (const [n, colour] of [[positive, theme.positive], [count - positive - negative, theme.neutral], [negative, theme.negative]] as const) {
        context.fillStyle = colour;
        context.fillRect(x, toY(u, below + n), wide, toY(u, below) - toY(u, below + n));
        below += n;
      }
      if (count > (u.scales["y"]!.max ?? count)) drawBreak(context, x, wide, u.bbox.top + 8 * devicePixelRatio, theme);
    }
    drawChosen(u, context, at, width, theme);
  });
}

/** A row of cells for each asset, the first on top; a time without a text stays blank. */
export function drawHeat(u: uPlot, rows: readonly HeatRow[], interval: Interval, span: Span, chosen: string | null, theme: Theme): void {
  const width = WIDTHS[interval], gap = Math.max(1, devicePixelRatio);
  clipped(u, (context) => {
    rows.forEach(({ asset, buckets }, i) => {
      const top = toY(u, rows.length - i), bottom = toY(u, rows.length - i - 1);
      context.fillStyle = theme.blank;
      context.fillRect(u.bbox.left, top + gap, u.bbox.width, bottom - top - 2 * gap);
      for (const { time, mean } of inView(buckets, span, width)) {
        const left = toX(u, time), right = toX(u, time + width);
        context.fillStyle = theme.heat[heatStep(mean)]!;
        context.fillRect(left + gap / 2, top + gap, Math.max(1, right - left - gap), bottom - top - 2 * gap);
      }
      if (asset.symbol !== chosen) return;
      context.strokeStyle = theme.text;
      context.lineWidth = 1.5 * devicePixelRatio;
      context.strokeRect(u.bbox.left + gap, top + gap, u.bbox.width - 2 * gap, bottom - top - 2 * gap);
    });
  });
}

function drawBreak(context: CanvasRenderingContext2D, x: number, wide: number, y: number, theme: Theme): void {
  const rise = 2 * devicePixelRatio;
  context.strokeStyle = theme.card;
  context.lineWidth = 2 * devicePixelRatio;
  context.beginPath();
  context.moveTo(x - 1, y + rise);
  context.lineTo(x + wide + 1, y - rise);
  context.stroke();
}

function barOf(u: uPlot, time: number, width: number): readonly [number, number] {
  const left = toX(u, time), right = toX(u, time + width), gap = (right - left) * GAP_SHARE;
  return [left + gap / 2, Math.max(1, right - left - gap)];
}

function drawChosen(u: uPlot, context: CanvasRenderingContext2D, at: number | null, width: number, theme: Theme): void {
  if (at === null) return;
  const from = Math.floor(at / width) * width, left = toX(u, from);
  context.strokeStyle = theme.text;
  context.lineWidth = 1.5 * devicePixelRatio;
  context.strokeRect(left, u.bbox.top + 1, toX(u, from + width) - left, u.bbox.height - 2);
}
