// A chart of the stack: uPlot's axes, scales and lines, our marks on top; all charts have the same time and gutters.

import uPlot from "uplot";
import { formatTime } from "../words.ts";
import { DAY, HOUR } from "../times.ts";
import type { Theme } from "./theme.ts";

export const GUTTER = 62;
export const EDGE = 14;
export const AXIS = 26;

export interface PlotOptions {
  readonly hasTimes: boolean;
  readonly series: uPlot.Series[];
  readonly bands?: uPlot.Band[];
  readonly range: () => [number, number];
  readonly values: (splits: number[]) => string[];
  readonly splits?: (least: number, greatest: number) => number[];
  readonly below?: (u: uPlot) => void;
  readonly above?: (u: uPlot) => void;
  readonly theme: () => Theme;
}

export function makePlot(root: HTMLElement, options: PlotOptions): uPlot {
  const { theme, splits } = options;
  const axis = (size: number): uPlot.Axis => ({
    size,
    font: theme().font,
    stroke: () => theme().axis,
    grid: { stroke: () => theme().grid, width: 1 },
    ticks: { show: false },
    gap: 6,
  });
  const hooks: uPlot.Hooks.Arrays = {
    drawClear: options.below ? [options.below] : [],
    draw: options.above ? [options.above] : [],
  };
  return new uPlot(
    {
      width: Math.max(200, root.clientWidth),
      height: Math.max(60, root.clientHeight),
      ms: 1,
      padding: [8, EDGE, options.hasTimes ? 0 : 8, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: true, auto: false, range: (_u, min, max) => [min, max] },
        y: { auto: true, range: () => options.range() },
      },
      axes: [
        { ...axis(options.hasTimes ? AXIS : 0), space: 80, values: (_u, ticks, _axis, _space, step) => timeLabels(ticks, step), ...(options.hasTimes ? {} : { size: 0, values: (_u: uPlot, ticks: number[]) => ticks.map(() => "") }) },
        { ...axis(GUTTER), space: 34, values: (_u, ticks) => options.values(ticks), ...(splits ? { splits: (_u: uPlot, _axis: number, least: number, greatest: number) => splits(least, greatest) } : {}) },
      ],
      series: [{}, ...options.series],
      ...(options.bands ? { bands: options.bands } : {}),
      hooks,
    },
    [[], ...options.series.map(() => [])],
    root,
  );
}

/** Ticks of days name the day; within a day the hour, and the day where it begins. */
export function timeLabels(ticks: readonly number[], step: number): string[] {
  return ticks.map((time, i) => {
    if (step >= 28 * DAY) return formatTime(time, "month");
    if (step >= DAY) return formatTime(time, "day");
    const isNewDay = formatTime(time, "clock") === formatTime(new Date(time).setHours(0, 0, 0, 0), "clock");
    return isNewDay || (i === 0 && step >= 3 * HOUR && ticks.length < 3) ? formatTime(time, "day") : formatTime(time, "clock");
  });
}

/** Canvas pixels of a value along a scale. */
export function toX(u: uPlot, time: number): number {
  return u.valToPos(time, "x", true);
}

export function toY(u: uPlot, value: number): number {
  return u.valToPos(value, "y", true);
}

/** Draws inside the plotting area and nowhere else. */
export function clipped(u: uPlot, draw: (context: CanvasRenderingContext2D) => void): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx);
  ctx.restore();
}
