// The three charts along one time: drawn together, read together.

import { WIDTHS } from "./address.js";
import { serverNow } from "./answers.js";
import { byId, setText } from "./dom.js";
import { closeTime, drawCounts, drawPrice, drawSentiment, hasInterval, middleTime } from "./drawings.js";
import { EDGE, GUTTER, Panel } from "./panel.js";
import { nearest, thin } from "./points.js";
import { formatAge, formatInterval, formatNumber, formatPrice, formatScore, formatTime, word } from "./words.js";

const COLOURS = ["price", "predicted", "band", "positive", "negative", "neutral", "grid", "axis", "text", "cursor", "card"];

export class Charts {
  #cursorTime = null;
  #isFrameAsked = false;

  constructor(root) {
    this.root = root;
    this.panels = ["price", "sentiment", "counts"].map(
      (name) => new Panel(root.querySelector(`[data-series=${name}]`), { hasTimes: name === "counts" }),
    );
    [this.price, this.sentiment, this.counts] = this.panels;
    new ResizeObserver(() => this.#ask()).observe(root);
    for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
      matchMedia(query).addEventListener("change", () => this.#ask());
    }
    root.addEventListener("pointermove", (event) => this.#pointAt(event));
    root.addEventListener("pointerdown", (event) => this.#pointAt(event));
    root.addEventListener("pointerleave", () => this.#pointTo(null));
    root.addEventListener("keydown", (event) => this.#onKey(event));
    root.addEventListener("blur", () => this.#pointTo(null));
  }

  /** Draws a choice's series; `now` is held still while paused. */
  show(series, { name, now = serverNow() } = {}) {
    Object.assign(this, { series, name: name ?? this.name, now });
    this.#ask();
  }

  #ask() {
    if (this.#isFrameAsked) return;
    this.#isFrameAsked = true;
    requestAnimationFrame(() => {
      this.#isFrameAsked = false;
      if (this.series) this.#draw();
    });
  }

  #draw() {
    const { price, sentiment, predictions } = this.series.parts;
    const style = getComputedStyle(this.root);
    const colours = Object.fromEntries(COLOURS.map((key) => [key, style.getPropertyValue(`--${key}`).trim()]));
    const domain = this.series.domain(this.now);
    const shared = { now: this.now, domain, colours };
    const widths = { price: WIDTHS[this.series.spans.price], sentiment: WIDTHS[this.series.spans.sentiment] };
    const path = this.series.model ? thin(predictions.points, widths.price) : [];
    Object.assign(this, { colours, widths, path });
    this.#drawPanel(this.price, price, price.points.length + path.length > 0, () =>
      drawPrice(this.price, { ...shared, prices: price.points, width: widths.price, path }),
    );
    for (const [panel, draw] of [[this.sentiment, drawSentiment], [this.counts, drawCounts]]) {
      this.#drawPanel(panel, sentiment, sentiment.points.length > 0, () =>
        draw(panel, { ...shared, buckets: sentiment.points, width: widths.sentiment }),
      );
    }
    this.#describe(path);
    this.#drawCursor();
  }

  #drawPanel(panel, part, hasPoints, draw) {
    const isFit = panel.fit();
    panel.isDrawn = hasPoints && isFit;
    if (!panel.isDrawn) panel.clear();
    const hasAxes = panel.isDrawn || (isFit && panel.hasTimes); // the lowest has the times of all of them
    panel.root.dataset.segments = hasAxes ? draw() : 0;
    panel.root.dataset.points = part.points.length;
    panel.root.dataset.newest = part.points.at(-1)?.event_time ?? "";
    panel.setState(hasPoints ? "ready" : part.state, hasPoints ? "" : stateText(panel.name, part));
    const origins = new Set(part.points.flatMap(({ origins }) => origins));
    if (panel.name === "price") for (const { origin } of this.path) origins.add(origin);
    panel.generated.hidden = !origins.has("generated");
    setText(panel.generated, word("generatedShort"));
    panel.generated.title = word("generatedWhy");
  }

  #describe(path) {
    const { price, sentiment, predictions } = this.series.parts;
    const { spans, model, horizon } = this.series;
    for (const panel of this.panels) setText(panel.title, word(panel.name));
    const per = (interval) => [word("per", { interval: formatInterval(interval) }), "none"];
    const predicted = path.length ? [[`${model} · ${formatInterval(horizon)}`, "predicted"], [word("interval"), "band"]] : [];
    this.price.root.dataset.predictions = predictions.points.length;
    this.price.setLegend([[(price.quote ?? "").toUpperCase(), "price"], ...predicted, per(spans.price)]);
    this.sentiment.setLegend([[word("mean"), "mean"], per(spans.sentiment)]);
    this.counts.setLegend([...["positive", "neutral", "negative"].map((key) => [word(key), key]), per(spans.sentiment)]);
    this.price.note.hidden = predictions.cutTime === null || !model;
    if (predictions.cutTime !== null) setText(this.price.note, word("cut", { time: formatTime(predictions.cutTime) }));
    const n = sentiment.points.reduce((sum, { count }) => sum + count, 0);
    const mean = sentiment.points.reduce((sum, { count, mean }) => sum + count * mean, 0) / n;
    const places = {
      name: this.name, range: word(`r${this.series.range}`), n: formatNumber(n),
      price: price.points.length ? formatPrice(price.points.at(-1).close) : word("none"),
      sentiment: n ? formatScore(mean) : word("none"),
    };
    this.root.setAttribute("aria-label", word("charts", places));
    for (const { base, title } of this.panels) base.setAttribute("aria-label", title.textContent);
  }

  #drawCursor() {
    const time = this.#cursorTime, { colours } = this;
    const read = { price: this.#readPrice(time), sentiment: this.#readSentiment(time), counts: this.#readCounts(time) };
    for (const panel of this.panels) {
      const shown = time !== null && panel.isDrawn ? read[panel.name] : { marks: [], rows: [] };
      panel.point({ time: panel.isDrawn ? time : null, ...shown, colours });
    }
    this.root.dataset.cursor = time === null ? "" : new Date(time).toISOString();
    if (time === null || document.activeElement !== this.root) return setText(byId("readout"), "");
    const rows = Object.values(read).flatMap(({ rows }) => rows);
    setText(byId("readout"), rows.map(([label, value]) => `${label} ${value}`).join(", "));
  }

  #readPrice(time) {
    const { price } = this.widths, rows = [], marks = [];
    const bucket = nearest(this.series.parts.price.points, time, price, (point) => closeTime(point, price, this.now));
    const forecast = nearest(this.path, time, Math.max(2 * price, 900_000));
    if (time !== null) rows.push([formatTime(time), ""]);
    if (bucket) {
      rows.push([word("price"), formatPrice(bucket.close), "price"]);
      rows.push([`${word("low")} – ${word("high")}`, `${formatPrice(bucket.low)} – ${formatPrice(bucket.high)}`]);
      marks.push([closeTime(bucket, price, this.now), bucket.close, this.colours.price]);
      if (!bucket.complete) rows.push([word("open"), ""]);
    }
    if (forecast) {
      rows.push([word("predicted"), formatPrice(forecast.predicted_price), "predicted"]);
      if (hasInterval(forecast)) rows.push([word("interval"), `${formatPrice(forecast.lower)} – ${formatPrice(forecast.upper)}`, "band"]);
      rows.push([word("madeAt", { age: formatTime(forecast.madeTime, "short") }), ""]);
      marks.push([forecast.time, forecast.predicted_price, this.colours.predicted]);
    }
    return { rows, marks };
  }

  #readSentiment(time) {
    const bucket = this.#sentimentAt(time);
    if (!bucket) return { rows: [], marks: [] };
    const sign = bucket.mean >= 0 ? "positive" : "negative";
    const at = middleTime(bucket, this.widths.sentiment, this.now);
    return {
      rows: [
        [word("mean"), formatScore(bucket.mean), sign],
        [word("span"), `${formatScore(bucket.min)} … ${formatScore(bucket.max)}`],
      ],
      marks: [[at, bucket.mean, this.colours[sign]]],
    };
  }

  #readCounts(time) {
    const bucket = this.#sentimentAt(time);
    if (!bucket) return { rows: [], marks: [] };
    const neutral = bucket.count - bucket.positive - bucket.negative;
    const counts = [["positive", bucket.positive], ["neutral", neutral], ["negative", bucket.negative]];
    const rows = counts.map(([key, n]) => [word(key), formatNumber(n), key]);
    return { rows: bucket.complete ? rows : [...rows, [word("open"), ""]], marks: [] };
  }

  #sentimentAt(time) {
    const { sentiment } = this.widths;
    return nearest(this.series.parts.sentiment.points, time, sentiment / 2, (point) => point.time + sentiment / 2);
  }

  #pointAt(event) {
    const { left, right } = this.price.plot.getBoundingClientRect();
    const share = (event.clientX - left - GUTTER) / (right - EDGE - left - GUTTER);
    const [from, to] = this.series?.domain(this.now) ?? [0, 0];
    this.#pointTo(share < 0 || share > 1 ? null : from + share * (to - from));
  }

  #onKey(event) {
    if (!this.series || !this.widths) return;
    const [from, to] = this.series.domain(this.now), step = this.widths.price * (event.shiftKey ? 10 : 1);
    const at = this.#cursorTime ?? this.now;
    const moves = { ArrowLeft: at - step, ArrowRight: at + step, Home: from, End: to, Escape: null };
    if (!Object.hasOwn(moves, event.key)) return;
    event.preventDefault();
    const time = moves[event.key];
    this.#pointTo(time === null ? null : Math.min(to, Math.max(from, time)));
  }

  #pointTo(time) {
    if (time === this.#cursorTime) return;
    this.#cursorTime = time;
    if (this.series && this.widths) this.#drawCursor();
  }
}

/** What a part says instead of points. */
export function stateText(name, { state, detail }) {
  if (state === "loading") return word("loading");
  if (state === "waiting") return word("waiting");
  if (state === "error") return word("error", { detail });
  return word(`empty${name[0].toUpperCase()}${name.slice(1)}`);
}

/** How long ago the newest event of a part's table was. */
export function ageSeconds({ freshness }) {
  if (!freshness || freshness.event_age_seconds === null) return null;
  return Math.max(0, freshness.event_age_seconds + (performance.now() - freshness.readAt) / 1_000);
}

export function ageText(part) {
  const seconds = ageSeconds(part);
  return seconds === null ? word("noAge") : formatAge(seconds);
}
