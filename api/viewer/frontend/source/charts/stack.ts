// The charts over one span of time, which are drawn and moved together and share a cursor.

import uPlot from "uplot";
import type { Part } from "../part.ts";
import { FAN_LEVELS } from "../points.ts";
import { between, bounded, DAY, moved, scaled, WIDTHS, type Span } from "../times.ts";
import type { State } from "../viewer.ts";
import { formatNumber, formatScore } from "../words.ts";
import { countsTop, extremes, inView, padded, toPriceColumns, type Column, type PriceColumns } from "./columns.ts";
import { Cursor } from "./cursor.ts";
import { listen, type GestureHandlers, type Spot } from "./gestures.ts";
import { drawCounts, drawDots, drawFuture, drawHeat, drawMisses, drawSentiment } from "./marks.ts";
import { PANELS, type PanelName } from "./panels.ts";
import { AXIS, EDGE, GUTTER, makePlot } from "./plot.ts";
import { readTheme, type Theme } from "./theme.ts";

export interface StackEvents {
  /** Called with a span that the user has chosen, by brushing, panning or zooming. */
  onSpan(span: Span): void;
  onChoose(panel: PanelName, time: number, row: number | null): void;
  /** Called with the values at the cursor as text, for screen readers; empty where there is no cursor. */
  onRead(text: string): void;
}

const TICK_DIGITS = 8;

export class Stack {
  readonly #root: HTMLElement;
  readonly #events: StackEvents;
  readonly #plots: Record<PanelName, uPlot>;
  readonly #cursor: Cursor;
  readonly #leaving = new AbortController();
  readonly #resizing: ResizeObserver;
  #theme: Theme;
  #state: State;
  #span: Span;
  #columns: PriceColumns;
  #drawn: { dataset: unknown; heat: unknown; now: number } = { dataset: null, heat: null, now: 0 };
  /** The span while it is panned or zoomed, before its points are read. */
  #preview: Span | null = null;
  #isFrameRequested = false;
  /** Positions of the charts on the page; null whenever they may have moved. */
  #boxes: Map<PanelName, DOMRect> | null = null;

  constructor(root: HTMLElement, state: State, events: StackEvents) {
    this.#root = root;
    this.#events = events;
    this.#state = state;
    this.#span = state.span ?? { from: state.now - DAY, to: state.now };
    this.#theme = readTheme(root);
    this.#columns = { times: [], close: [], predicted: [], fan: [], nSegments: 0, dots: [], path: [] };
    this.#plots = this.#makePlots();
    this.#cursor = new Cursor(root, this.#plots, (text) => events.onRead(text));
    this.#resizing = new ResizeObserver(() => this.#resize());
    for (const name of PANELS) this.#resizing.observe(this.#mount(name));
    const { signal } = this.#leaving;
    listen(root, this.#gestures(), signal);
    document.addEventListener("scroll", () => (this.#boxes = null), { signal, capture: true, passive: true });
    for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
      matchMedia(query).addEventListener("change", () => this.repaint(), { signal });
    }
  }

  close(): void {
    this.#leaving.abort();
    this.#resizing.disconnect();
    for (const plot of Object.values(this.#plots)) plot.destroy();
  }

  /** Draws a state in the next frame, as often as it is called before. */
  show(state: State): void {
    this.#state = state;
    this.#requestFrame();
  }

  /** Draws everything again after the colours have changed. */
  repaint(): void {
    this.#theme = readTheme(this.#root);
    this.#drawn = { ...this.#drawn, dataset: null, heat: null };
    this.#requestFrame();
  }

  get span(): Span {
    return this.#preview ?? this.#span;
  }

  /** Moves the cursor by buckets, to an end, or away. */
  moveCursor(to: number | "left" | "right" | "from" | "to" | null, nBuckets = 1): void {
    const { dataset, now } = this.#state;
    if (dataset === null) return;
    const step = nBuckets * WIDTHS[dataset.intervals.price], at = this.#cursor.time ?? Math.min(now, this.span.to);
    const { from, to: end } = this.span;
    const time = { left: at - step, right: at + step, from, to: end }[to as "left"] ?? (to as number | null);
    this.#cursor.move(time === null ? null : Math.min(end, Math.max(from, time)), null, this.#state, this.#columns);
  }

  get cursorTime(): number | null {
    return this.#cursor.time;
  }

  /** The name and canvas of each panel, for a picture. */
  get canvases(): readonly (readonly [PanelName, HTMLCanvasElement])[] {
    return PANELS.map((name) => [name, this.#plots[name].ctx.canvas] as const);
  }

  #requestFrame(): void {
    if (this.#isFrameRequested) return;
    this.#isFrameRequested = true;
    requestAnimationFrame(() => {
      this.#isFrameRequested = false;
      if (!this.#leaving.signal.aborted) this.#draw();
    });
  }

  #draw(): void {
    if (this.#preview === null) this.#boxes = null;
    const { dataset, heat, now, span } = this.#state;
    this.#span = span ?? this.#span;
    if (dataset && (dataset !== this.#drawn.dataset || now !== this.#drawn.now)) {
      this.#columns = toPriceColumns(dataset, now);
      const { times, close, predicted, fan } = this.#columns;
      this.#plots.price.setData([times, predicted, ...fan, close] as uPlot.AlignedData, false);
      const buckets = dataset.sentiment.points;
      const middles = buckets.map(({ time }) => time + WIDTHS[dataset.intervals.sentiment] / 2);
      const values = (of: (bucket: (typeof buckets)[number]) => number): Column => buckets.map(of);
      this.#plots.sentiment.setData([middles, values(({ mean }) => mean)] as uPlot.AlignedData, false);
      this.#plots.counts.setData([middles, values(({ count }) => count)] as uPlot.AlignedData, false);
    }
    if (heat !== this.#drawn.heat) this.#plots.heat.setData([[this.#span.from, this.#span.to], [0, heat.rows.length]], false);
    this.#drawn = { dataset, heat, now };
    this.#scale();
    this.#describe();
    this.#cursor.redraw(this.#state, this.#columns);
  }

  #scale(): void {
    const { from, to } = this.span;
    for (const name of PANELS) this.#plots[name].setScale("x", { min: from, max: to });
  }

  /** Writes what the panels show into data attributes. */
  #describe(): void {
    const { dataset, heat } = this.#state;
    const parts: Record<PanelName, Part<{ readonly time: number }> | null> = {
      price: dataset?.price ?? null, sentiment: dataset?.sentiment ?? null, counts: dataset?.sentiment ?? null, heat: null,
    };
    for (const name of PANELS) {
      const panel = this.#panel(name).dataset, points = parts[name]?.points ?? [];
      panel["points"] = String(name === "heat" ? heat.rows.filter(({ buckets }) => buckets.length > 0).length : points.length);
      panel["newest"] = points.length > 0 ? new Date(points.at(-1)!.time).toISOString() : "";
    }
    this.#panel("price").dataset["segments"] = String(this.#columns.nSegments);
    this.#panel("price").dataset["predictions"] = String(dataset?.forecasts.points.length ?? 0);
    this.#root.dataset["from"] = new Date(this.span.from).toISOString();
    this.#root.dataset["to"] = new Date(this.span.to).toISOString();
  }

  #resize(): void {
    this.#boxes = null;
    for (const name of PANELS) {
      const { clientWidth: width, clientHeight: height } = this.#mount(name), plot = this.#plots[name];
      if (width > 0 && height > 0 && (width !== plot.width || height !== plot.height)) plot.setSize({ width, height });
    }
    this.#requestFrame();
  }

  #makePlots(): Record<PanelName, uPlot> {
    const theme = () => this.#theme;
    const widths = () => WIDTHS[this.#state.dataset?.intervals.sentiment ?? "1h"];
    const texts = () => this.#state.dataset?.sentiment.points ?? [];
    const future = (u: uPlot) => drawFuture(u, this.#state.now, this.#theme);
    const line = (colour: keyof Theme, options: Partial<uPlot.Series> = {}): uPlot.Series => ({
      stroke: () => this.#theme[colour] as string, width: 1.5, points: { show: false }, ...options,
    });
    const unseen: uPlot.Series = { paths: () => null, points: { show: false } };
    return {
      price: makePlot(this.#mount("price"), {
        hasTimes: true, theme,
        series: [line("predicted", { dash: [5, 4] }), ...FAN_LEVELS.map(() => line("band", { width: 0 })), line("price", { width: 2 })],
        bands: [[3, 2], [5, 4], [7, 6]].map(([upper, lower]) => ({ series: [upper!, lower!], fill: () => this.#theme.band })),
        range: () => padded((this.#state.dataset && extremes(this.#state.dataset, this.span)) ?? [0, 1], 0.06),
        values: numberTicks,
        below: future,
        above: (u) => {
          drawDots(u, this.#columns.dots, this.#theme.price);
          drawMisses(u, this.#columns.path, this.span, this.#theme);
        },
      }),
      sentiment: makePlot(this.#mount("sentiment"), {
        hasTimes: false, theme, series: [unseen], range: () => [-1, 1],
        splits: () => [-1, -0.5, 0, 0.5, 1], values: (ticks) => ticks.map((tick) => formatScore(tick)),
        below: future,
        above: (u) => drawSentiment(u, texts(), widths(), this.span, this.#state.choice.at, this.#theme),
      }),
      counts: makePlot(this.#mount("counts"), {
        hasTimes: false, theme, series: [unseen], range: () => [0, countsTop(inView(texts(), this.span, widths()).map(({ count }) => count))],
        values: (ticks) => ticks.map((tick) => (Number.isInteger(tick) ? formatNumber(tick) : "")),
        below: future,
        above: (u) => drawCounts(u, texts(), widths(), this.span, this.#state.choice.at, this.#theme),
      }),
      heat: makePlot(this.#mount("heat"), {
        hasTimes: true, theme, series: [unseen], range: () => [0, Math.max(1, this.#state.heat.rows.length)],
        splits: () => this.#state.heat.rows.map((_, i) => this.#state.heat.rows.length - i - 0.5),
        values: (ticks) => ticks.map((tick) => this.#state.heat.rows[this.#state.heat.rows.length - Math.ceil(tick)]?.asset.symbol.toUpperCase() ?? ""),
        above: (u) => {
          drawHeat(u, this.#state.heat.rows, this.#state.heat.interval, this.span, this.#state.choice.symbol, this.#theme);
          future(u);
        },
      }),
    };
  }

  #gestures(): GestureHandlers {
    const timeAt = (x: number) => {
      const { from, to } = this.span;
      return from + (x / this.#plotWidth()) * (to - from);
    };
    return {
      locate: (event) => this.#locate(event),
      read: (spot) => {
        const time = spot === null || spot.x < 0 || spot.x > this.#plotWidth() ? null : timeAt(spot.x);
        this.#cursor.move(time, spot?.panel === "heat" ? this.#rowAt(spot) : null, this.#state, this.#columns, { isPointed: true });
      },
      choose: (spot) => {
        if (spot.panel !== null && !spot.isOnAxis && spot.x >= 0) {
          this.#events.onChoose(spot.panel as PanelName, timeAt(spot.x), spot.panel === "heat" ? this.#rowAt(spot) : null);
        }
      },
      brush: (fromX, toX, isDone) => {
        const [left, right] = [fromX, toX].map((x) => Math.max(0, Math.min(this.#plotWidth(), x))).sort((a, b) => a - b) as [number, number];
        this.#cursor.brush(isDone ? null : [left, right]);
        if (isDone && right - left > 6) this.#events.onSpan(between(timeAt(left), timeAt(right)));
      },
      cancel: () => this.#cursor.brush(null),
      travel: (byPx) => this.#previewOf(moved(this.span, (-byPx / this.#plotWidth()) * (this.span.to - this.span.from))),
      zoom: (factor, x) => this.#previewOf(scaled(this.span, factor, timeAt(x))),
      settle: () => {
        const span = this.#preview;
        this.#preview = null;
        if (span) this.#events.onSpan(span);
      },
    };
  }

  #previewOf(span: Span): void {
    this.#preview = bounded(span, this.#state.now, Math.max(DAY, (span.to - span.from) / 2));
    this.#requestFrame();
  }

  #plotWidth(): number {
    return this.#plots.price.width - GUTTER - EDGE;
  }

  #locate({ clientX, clientY, target }: { clientX: number; clientY: number; target: EventTarget | null }): Spot | null {
    const panel = (target as Element | null)?.closest<HTMLElement>(".panel");
    const name = panel?.dataset["series"] as PanelName | undefined;
    const boxes = (this.#boxes ??= new Map(PANELS.map((one) => [one, this.#mount(one).getBoundingClientRect()])));
    const x = clientX - boxes.get("price")!.left - GUTTER;
    if (!name) return { x, panel: null, share: 0, isOnAxis: false };
    const { top, height } = boxes.get(name)!;
    const below = name === "price" || name === "heat" ? AXIS : 8;
    const share = (clientY - top - 8) / (height - below - 8);
    return { x, panel: share < 0 ? null : name, share, isOnAxis: share > 1 };
  }

  #rowAt({ share }: Spot): number | null {
    const n = this.#state.heat.rows.length;
    return n === 0 ? null : Math.max(0, Math.min(n - 1, Math.floor(share * n)));
  }

  #panel(name: PanelName): HTMLElement {
    return this.#root.querySelector<HTMLElement>(`.panel[data-series=${name}]`)!;
  }

  #mount(name: PanelName): HTMLElement {
    return this.#panel(name).querySelector<HTMLElement>(".mount")!;
  }
}

/** Ticks with as many decimals as distinguish them. */
function numberTicks(ticks: number[]): string[] {
  const step = ticks.length > 1 ? Math.abs(ticks[1]! - ticks[0]!) : 1;
  const digits = Math.min(TICK_DIGITS, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return ticks.map((tick) => formatNumber(tick, digits));
}
