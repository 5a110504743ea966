// One cursor over all charts: a line, marks on the values, a tooltip each, and the brush. DOM, so that no chart is redrawn.

import type uPlot from "uplot";
import type { State } from "../viewer.ts";
import type { PriceColumns } from "./columns.ts";
import { EDGE, GUTTER } from "./plot.ts";
import { readCountsAt, readHeatAt, readPriceAt, readSentimentAt, type Readout } from "./readout.ts";
import type { PanelName } from "./panels.ts";

const MAX_MARKS = 2;
const AWAY_PX = 12;

interface Layer {
  readonly line: HTMLElement;
  readonly brush: HTMLElement;
  readonly marks: readonly HTMLElement[];
  readonly tooltip: HTMLElement;
  readonly plot: uPlot;
}

export class Cursor {
  time: number | null = null;
  #row: number | null = null;
  #isPointed = false;
  readonly #root: HTMLElement;
  readonly #layers: Record<PanelName, Layer>;
  readonly #onRead: (text: string) => void;

  constructor(root: HTMLElement, plots: Record<PanelName, uPlot>, onRead: (text: string) => void) {
    this.#root = root;
    this.#onRead = onRead;
    const layers = Object.entries(plots).map(([name, plot]) => [name, makeLayer(root, name, plot)]);
    this.#layers = Object.fromEntries(layers) as Record<PanelName, Layer>;
  }

  /** Moves the cursor to a time; null removes it. */
  move(time: number | null, row: number | null, state: State, columns: PriceColumns, { isPointed = false } = {}): void {
    if (time === null && this.time === null) return;
    this.time = time;
    this.#row = row;
    this.#isPointed = isPointed;
    this.redraw(state, columns);
  }

  redraw(state: State, columns: PriceColumns): void {
    const { time } = this;
    this.#root.dataset["cursor"] = time === null ? "" : new Date(time).toISOString();
    if (time === null) {
      for (const layer of Object.values(this.#layers)) hide(layer);
      return this.#onRead("");
    }
    const readouts: Record<PanelName, Readout> = {
      price: readPriceAt(state, columns, time),
      sentiment: readSentimentAt(state, time),
      counts: readCountsAt(state, time),
      heat: readHeatAt(state, time, this.#row),
    };
    for (const name of Object.keys(this.#layers) as PanelName[]) place(this.#layers[name], time, readouts[name]);
    const spoken = this.#isPointed ? [] : Object.values(readouts).flatMap(({ rows }) => rows);
    this.#onRead(spoken.map(({ label, value }) => `${label} ${value}`.trim()).join(", "));
  }

  /** Shades the span that a brush selects, in pixels of the plotting area; null removes the shade. */
  brush(edges: readonly [number, number] | null): void {
    for (const { brush } of Object.values(this.#layers)) {
      brush.hidden = edges === null;
      if (edges) Object.assign(brush.style, { left: `${GUTTER + edges[0]}px`, width: `${edges[1] - edges[0]}px` });
    }
  }
}

function makeLayer(root: HTMLElement, name: string, plot: uPlot): Layer {
  const overlay = root.querySelector<HTMLElement>(`.panel[data-series=${name}] .overlay`)!;
  const add = (className: string) => {
    const element = document.createElement("div");
    element.className = className;
    element.hidden = true;
    overlay.append(element);
    return element;
  };
  return {
    brush: add("brush"),
    line: add("cursor"),
    marks: Array.from({ length: MAX_MARKS }, () => add("mark")),
    tooltip: add("tooltip"),
    plot,
  };
}

function hide({ line, marks, tooltip }: Layer): void {
  for (const node of [line, tooltip, ...marks]) node.hidden = true;
}

function place({ line, marks, tooltip, plot }: Layer, time: number, { rows, marks: values }: Readout): void {
  const left = plot.valToPos(time, "x") + GUTTER;
  line.hidden = false;
  line.style.transform = `translateX(${left}px)`;
  marks.forEach((node, i) => {
    const mark = values[i];
    node.hidden = !mark;
    if (!mark) return;
    node.dataset["swatch"] = mark.swatch;
    const x = plot.valToPos(mark.time, "x") + GUTTER, y = plot.valToPos(mark.value, "y") + plot.bbox.top / devicePixelRatio;
    node.style.transform = `translate(${x}px, ${y}px)`;
  });
  tooltip.hidden = rows.length === 0;
  if (tooltip.hidden) return;
  tooltip.replaceChildren(...rows.map(toRow));
  // Beside the cursor, on the side that has more room. Measuring the tooltip would force a layout of the page.
  const isLeft = left > GUTTER + (plot.width - GUTTER - EDGE) / 2;
  tooltip.style.transform = isLeft ? `translateX(calc(${left - AWAY_PX}px - 100%))` : `translateX(${left + AWAY_PX}px)`;
}

function toRow({ label, value, swatch }: Readout["rows"][number]): HTMLElement {
  const row = document.createElement("div");
  if (swatch) row.append(Object.assign(document.createElement("i"), { className: `swatch ${swatch}` }));
  row.append(Object.assign(document.createElement("span"), { textContent: label }));
  if (value) row.append(Object.assign(document.createElement("b"), { textContent: value }));
  return row;
}
