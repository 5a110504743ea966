// What is looked at, kept in the address's fragment, so that a link reopens it.

import { LANGUAGES } from "./words.js";

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

export const WIDTHS = { "1m": MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "1h": HOUR, "4h": 4 * HOUR };

/** Texts are rarer than prices, so their buckets are wider. */
export const RANGES = {
  "1h": { span: HOUR, price: "1m", sentiment: "5m" },
  "24h": { span: DAY, price: "5m", sentiment: "15m" },
  "7d": { span: 7 * DAY, price: "15m", sentiment: "1h" },
  "30d": { span: 30 * DAY, price: "1h", sentiment: "4h" },
};
const DEFAULT_RANGE = "7d";

/** {symbol, range, language, model, horizon}; symbol, model and horizon are null where none is named. */
export function readAddress() {
  const named = new URLSearchParams(location.hash.slice(1));
  const spoken = navigator.language.toLowerCase().startsWith("fr") ? "fr" : "en";
  return {
    symbol: named.get("symbol")?.toLowerCase() || null,
    range: Object.hasOwn(RANGES, named.get("range") ?? "") ? named.get("range") : DEFAULT_RANGE,
    language: LANGUAGES.includes(named.get("lang")) ? named.get("lang") : spoken,
    model: named.get("model"),
    horizon: named.get("horizon"),
  };
}

/** Writes without a new entry in the browser's history. */
export function writeAddress({ symbol, range, language, model, horizon }) {
  const named = new URLSearchParams();
  if (symbol !== null) named.set("symbol", symbol);
  named.set("range", range);
  named.set("lang", language);
  if (model !== null) named.set("model", model);
  if (horizon !== null) named.set("horizon", horizon);
  history.replaceState(null, "", `#${named}`);
}
