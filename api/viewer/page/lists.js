// The newest texts and predictions, in words.

import { serverNow } from "./answers.js";
import { stateText } from "./charts.js";
import { element, setText, webAddress } from "./dom.js";
import { hasInterval } from "./drawings.js";
import { formatAge, formatInterval, formatPrice, formatScore, formatTime, word } from "./words.js";

const N_SHOWN = 12;

export class Lists {
  constructor() {
    this.texts = document.querySelector(".list[data-series=texts]");
    this.predictions = document.querySelector(".list[data-series=predictions]");
  }

  show(series, now = serverNow()) {
    const { texts, predictions } = series.parts;
    fill(this.texts, texts, texts.points.slice(0, N_SHOWN), (point) => textItem(point, now));
    const newest = [...predictions.points].sort((a, b) => b.madeTime - a.madeTime || b.time - a.time);
    const chosen = series.model === "" ? [] : newest.slice(0, N_SHOWN);
    fill(this.predictions, predictions, chosen, (point) => predictionItem(point, now));
    if (series.model === "") setText(this.predictions.querySelector(".state"), word("unchosen"));
  }
}

function fill(root, part, points, toItem) {
  const state = root.querySelector(".state");
  root.dataset.state = points.length ? "ready" : part.state;
  root.dataset.items = points.length;
  const text = points.length ? "" : stateText(root.dataset.series, part);
  setText(state, text);
  state.hidden = points.length > 0;
  const list = root.querySelector("ol");
  if (!list.contains(document.activeElement)) list.replaceChildren(...points.map(toItem));
}

function textItem(point, now) {
  const { title, source, score, label, origin, event_time, url } = point;
  // An address that a generator made leads nowhere.
  const address = origin === "generated" ? null : webAddress(url);
  const heading = title ?? source ?? "";
  return element(
    "li",
    { "data-id": point.message_id },
    element("span", { class: `score ${label}`, title: labelText(label) }, score === null ? "–" : formatScore(score)),
    element(
      "div",
      {},
      address
        ? element("a", { class: "title", href: address, target: "_blank", rel: "noopener noreferrer" }, heading)
        : element("span", { class: "title" }, heading),
      element("p", { class: "meta" }, labelText(label), " · ", source ?? "", " · ", timeOf(event_time, now), originBadge(origin)),
    ),
  );
}

const LABELS = { positive: "labelPositive", neutral: "labelNeutral", negative: "labelNegative", unscored: "labelUnscored" };

function labelText(label) {
  return Object.hasOwn(LABELS, label) ? word(LABELS[label]) : label;
}

function predictionItem(point, now) {
  const { predicted_price, realised_price, model, horizon, origin } = point;
  const interval = hasInterval(point) ? `[${formatPrice(point.lower)} – ${formatPrice(point.upper)}]` : null;
  return element(
    "li",
    { "data-id": point.message_id },
    element("span", { class: `verdict ${verdictOf(point)}`, "aria-hidden": "true" }, VERDICT_SIGNS[verdictOf(point)]),
    element(
      "div",
      {},
      element("span", { class: "title" }, element("b", {}, formatPrice(predicted_price)), interval ? ` ${interval}` : null),
      element("p", { class: "meta" }, outcomeOf(point, now), realised_price === null ? null : ` (${word(verdictOf(point))})`),
      element(
        "p",
        { class: "meta" },
        `${model} · ${formatInterval(horizon)} · `,
        word("madeAt", { age: formatAge((now - point.madeTime) / 1_000) }),
        originBadge(origin),
      ),
    ),
  );
}

const VERDICT_SIGNS = { within: "✓", outside: "✗", pending: "…", none: "·" };

function verdictOf(point) {
  const { realised_price: price, time } = point;
  if (price === null) return time > serverNow() - 120_000 ? "pending" : "none";
  if (!hasInterval(point)) return "none";
  return price >= point.lower && price <= point.upper ? "within" : "outside";
}

function outcomeOf({ realised_price, time }, now) {
  if (realised_price !== null) return word("outcome", { price: formatPrice(realised_price) });
  const due = word("due", { age: formatAge((now - time) / 1_000) });
  return now - time > 120_000 ? `${due} · ${word("unverified")}` : due;
}

function timeOf(text, now) {
  const ms = Date.parse(text);
  return element("time", { datetime: text, title: formatTime(ms) }, formatAge((now - ms) / 1_000));
}

function originBadge(origin) {
  return origin === "generated" ? element("span", { class: "badge origin small", title: word("generatedWhy") }, word("generatedShort")) : null;
}
