// How fresh it is, whether the server answers, and what the tables say of themselves.

import { ageSeconds, ageText } from "./charts.js";
import { byId, element, setText } from "./dom.js";
import { formatAge, formatNumber, word } from "./words.js";

/** Seconds after which a table is slow, and stale: prices come every moment, predictions at marks of minutes. */
const LIMITS = { price: [30, 120], sentiment: [300, 1_800], predictions: [900, 3_600] };
const LEVELS = ["fresh", "ageing", "stale"];

/** The badge shows the worst of the tables that are read, by the newest event of each. */
export function showFreshness(charts, series) {
  const { price, sentiment, predictions } = series.parts;
  setText(charts.price.age, price.freshness ? ageText(price) : "");
  setText(charts.sentiment.age, sentiment.freshness ? ageText(sentiment) : "");
  const judged = Object.entries({ price, sentiment, predictions })
    .map(([name, part]) => ({ name, part, seconds: ageSeconds(part) }))
    .filter(({ seconds }) => seconds !== null)
    .map((found) => ({ ...found, level: LIMITS[found.name].filter((limit) => found.seconds > limit).length }));
  const worst = judged.sort((a, b) => b.level - a.level)[0];
  const badge = byId("freshness");
  badge.dataset.level = worst ? LEVELS[worst.level] : "unknown";
  const what = worst && word(worst.name === "predictions" ? "prediction" : worst.name);
  setText(badge, worst ? word(LEVELS[worst.level], { what, age: ageText(worst.part) }) : word("noAge"));
  badge.title = judged
    .map(({ name, part }) => `${word(name === "predictions" ? "prediction" : name)}: ${ageText(part)}`)
    .join("\n");
}

export function showConnection({ isPaused, isOffline, retryTime }) {
  const badge = byId("connection");
  const seconds = retryTime === null ? 0 : Math.ceil((retryTime - Date.now()) / 1_000);
  const offline = seconds > 0 && !isPaused ? word("offlineIn", { n: seconds }) : word("offline");
  badge.hidden = !isOffline && !isPaused;
  badge.dataset.level = isOffline ? "stale" : "ageing";
  setText(badge, isOffline ? offline : isPaused ? word("paused") : "");
  document.documentElement.dataset.connection = isOffline ? "offline" : isPaused ? "paused" : "live";
  const button = byId("live");
  button.setAttribute("aria-pressed", String(!isPaused));
  setText(button, word(isPaused ? "resume" : "pause"));
}

/** The footer: tables as /api/v1/etat describes them; null where it does not answer yet. */
export function showTables(state) {
  const rows = (state?.tables ?? []).map((table) => tableItem(table, state.kafka));
  const absent = (state?.absentes ?? []).map((name) =>
    element("li", { class: "absent" }, element("b", {}, name), element("span", {}, word("absent"))),
  );
  byId("tables").replaceChildren(...rows, ...absent);
  showLosses(state?.losses ?? []);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  setText(byId("zone"), word("zone", { zone }));
}

function tableItem({ table, version, rows, freshness }, kafka) {
  const behind = kafka.lag.filter((entry) => entry.table === table).reduce((sum, { messages }) => sum + messages, 0);
  const isFed = kafka.lag.some((entry) => entry.table === table);
  const lag = !kafka.known ? word("lagUnknown") : behind ? word("lag", { n: formatNumber(behind) }) : word("lagNone");
  const age = freshness.event_age_seconds === null ? null : word("lastEvent", { age: formatAge(freshness.event_age_seconds) });
  const facts = [word("version", { n: version }), word("rows", { n: formatNumber(rows) }), age, isFed || !kafka.known ? lag : null];
  return element(
    "li",
    { "data-table": table, "data-version": version },
    element("b", {}, table),
    element("span", {}, facts.filter((fact) => fact !== null).join(" · ")),
  );
}

/** A range is listed once, however many tables will never see it; nobody knows where an open one ends. */
function showLosses(losses) {
  const ranges = new Set(
    losses.map(({ topic, kafka_partition: partition, from_offset: from, to_offset, cause, reason }) =>
      word("lossOf", { topic, partition, from, to: to_offset ?? "?", cause, reason }),
    ),
  );
  byId("losses").hidden = losses.length === 0;
  const head = element("b", {}, word("losses", { n: formatNumber(ranges.size) }));
  byId("losses").replaceChildren(head, ...[...ranges].map((text) => element("span", {}, text)));
}
