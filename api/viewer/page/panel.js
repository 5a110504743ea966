// One chart: a canvas with its axes, a second one above it for the cursor, a tooltip, and a state in words.

import { element, setText } from "./dom.js";
import { linear, timeTicks, valueTicks } from "./scales.js";
import { formatNumber, formatTime, word } from "./words.js";

export const GUTTER = 62, EDGE = 10;
const TOP = 8, AXIS = 24, DAY = 86_400_000, TICK_GAP = 84, NARROW_TICK_GAP = 58, NARROW = 480, VALUE_GAP = 34;
const FONT = "11px system-ui, sans-serif";

export class Panel {
  constructor(root, { hasTimes = false } = {}) {
    this.root = root;
    this.name = root.dataset.series;
    this.bottom = hasTimes ? AXIS : 8;
    this.hasTimes = hasTimes;
    this.title = element("span");
    this.legend = element("span", { class: "legend" });
    this.generated = element("span", { class: "badge origin small", hidden: "" });
    this.age = element("span", { class: "age" });
    this.base = element("canvas", { class: "base", role: "img" });
    this.overlay = element("canvas", { class: "overlay", "aria-hidden": "true" });
    this.tooltip = element("div", { class: "tooltip", "aria-hidden": "true", hidden: "" });
    this.state = element("p", { class: "state", role: "status" });
    this.note = element("p", { class: "note", hidden: "" });
    this.plot = element("div", { class: "plot" }, this.base, this.overlay, this.tooltip, this.state);
    root.replaceChildren(element("h2", {}, this.title, this.legend, this.generated, this.age), this.plot, this.note);
  }

  /** Fits both canvases to the space there is. True where there is any. */
  fit() {
    const { width, height } = this.plot.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    Object.assign(this, { width, height });
    for (const canvas of [this.base, this.overlay]) {
      const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    return width > GUTTER + EDGE && height > TOP + this.bottom;
  }

  /** Clears, draws axes and grid; gives the scales and a context that draws inside of the plot only. */
  begin({ domain, values, digits, colours }) {
    const context = this.base.getContext("2d");
    context.clearRect(0, 0, this.width, this.height);
    context.font = FONT;
    this.x = linear(domain, [GUTTER, this.width - EDGE]);
    this.y = linear(values, [this.height - this.bottom, TOP]);
    this.#drawTimes(context, colours);
    this.#drawValues(context, colours, digits);
    context.save();
    context.beginPath();
    context.rect(GUTTER, 0, this.width - GUTTER - EDGE + 1, this.height - this.bottom + 1);
    context.clip();
    return { context, x: this.x, y: this.y };
  }

  /** Ends the drawing; a vertical line marks the present where predictions lie ahead of it. */
  end(context, { now, domain, colours }) {
    if (domain[1] - now > (domain[1] - domain[0]) / 200) {
      this.#line(context, colours.axis, this.x(now), TOP, this.x(now), this.height - this.bottom, [2, 3]);
      const hasRoom = this.x(now) + 8 + context.measureText(word("now")).width < this.width - EDGE;
      if (hasRoom && this.name === "price") this.#label(context, colours, word("now"), this.x(now) + 4, TOP + 5);
    }
    context.restore();
  }

  clear() {
    this.base.getContext("2d").clearRect(0, 0, this.width, this.height);
  }

  /** The cursor: a line at `time`, a mark at each [time, value, colour], and the tooltip beside it. */
  point({ time, marks, rows, colours }) {
    const context = this.overlay.getContext("2d");
    context.clearRect(0, 0, this.width, this.height);
    this.tooltip.hidden = time === null || rows.length === 0;
    if (time === null || !this.x) return;
    const at = this.x(time);
    this.#line(context, colours.cursor, at, TOP, at, this.height - this.bottom, []);
    for (const [markTime, value, colour] of marks) {
      context.fillStyle = colour;
      context.strokeStyle = colours.card;
      context.lineWidth = 2;
      context.beginPath();
      context.arc(this.x(markTime), this.y(value), 4.5, 0, 7);
      context.fill();
      context.stroke();
    }
    this.tooltip.replaceChildren(
      ...rows.map(([label, value, swatch]) =>
        element("div", {}, element("i", { class: `swatch ${swatch ?? "none"}` }), element("span", {}, label), element("b", {}, value)),
      ),
    );
    const { width } = this.tooltip.getBoundingClientRect();
    const isLeft = at + 14 + width > this.width;
    this.tooltip.style.transform = `translateX(${Math.max(0, isLeft ? at - 14 - width : at + 14)}px)`;
  }

  setLegend(entries) {
    const key = JSON.stringify(entries);
    if (this.legend.dataset.key === key) return;
    this.legend.dataset.key = key;
    this.legend.replaceChildren(
      ...entries.map(([label, swatch]) => element("span", {}, element("i", { class: `swatch ${swatch}` }), label)),
    );
  }

  setState(state, text) {
    this.root.dataset.state = state;
    setText(this.state, text);
    this.state.hidden = text === "";
  }

  #drawTimes(context, colours) {
    const { times, step } = timeTicks(this.x, this.width < NARROW ? NARROW_TICK_GAP : TICK_GAP);
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const time of times) {
      const at = this.x(time);
      this.#line(context, colours.grid, at, TOP, at, this.height - this.bottom, []);
      if (!this.hasTimes || at < GUTTER + 12 || at > this.width - EDGE - 12) continue;
      const isDay = step >= DAY || new Date(time).getHours() + new Date(time).getMinutes() === 0;
      context.fillStyle = isDay ? colours.text : colours.axis;
      context.fillText(formatTime(time, isDay ? "day" : "clock"), at, this.height - this.bottom + 8);
    }
  }

  #drawValues(context, colours, digits) {
    const { values, digits: own } = valueTicks(this.y.domain, (this.height - this.bottom - TOP) / VALUE_GAP);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const value of values) {
      if (digits === 0 && value % 1 !== 0) continue;
      const at = this.y(value);
      this.#line(context, colours.grid, GUTTER, at, this.width - EDGE, at, []);
      context.fillStyle = colours.axis;
      context.fillText(formatNumber(value, digits ?? own), GUTTER - 8, at);
    }
  }

  #label(context, colours, text, x, y) {
    context.fillStyle = colours.axis;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText(text, x, y);
  }

  #line(context, colour, x0, y0, x1, y1, dash) {
    context.setLineDash(dash);
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
    context.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
    context.stroke();
    context.setLineDash([]);
  }
}
