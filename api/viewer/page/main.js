// The page: what was chosen, read again and again, and shown.

import { readAddress, writeAddress } from "./address.js";
import { AnswerError, ask, serverNow } from "./answers.js";
import { Charts } from "./charts.js";
import { byId, element, setText } from "./dom.js";
import { Lists } from "./lists.js";
import { Live } from "./live.js";
import { assetName, Pickers } from "./pickers.js";
import { Series } from "./series.js";
import { showConnection, showFreshness, showTables } from "./status.js";
import { formatPrice, formatSigned, formatTime, setLanguage, word } from "./words.js";

const LISTING_MS = 10_000, WHOLE_MS = 120_000, AWAY_MS = 30_000, OUTCOMES_EVERY = 5, TICK_MS = 1_000;
const FIRST_SYMBOL = "btc";

let choice = readAddress();
let assets = [], tables = null, series = null, pausedNow = null;
let listedTime = -Infinity, wholeTime = -Infinity, askedTime = -Infinity, nTails = 0;
let connection = { isPaused: false, isOffline: false, retryTime: null };

const charts = new Charts(byId("charts"));
const lists = new Lists();
const pickers = new Pickers({
  onAsset: (symbol) => choose({ symbol }),
  onRange: (range) => choose({ range }),
  onPrediction: ({ model, horizon }) => choosePrediction(model, horizon),
});
const live = new Live({ ask: readNewest, onState: (state) => showLive(state) });

async function readNewest() {
  if (performance.now() - listedTime > LISTING_MS || assets.length === 0) await readListing();
  if (!isKnown()) return show();
  series ??= new Series(choice);
  const reading = series;
  const isStale = performance.now() - wholeTime > WHOLE_MS || performance.now() - askedTime > AWAY_MS;
  if (!series.isWhole || isStale) {
    await reading.readWhole().finally(show);
    wholeTime = performance.now();
  } else {
    nTails += 1;
    await reading.readTail({ withOutcomes: nTails % OUTCOMES_EVERY === 0 }).finally(show);
  }
  askedTime = performance.now();
}

/** Assets and tables; a lake without tables has none of either. */
async function readListing() {
  const orNone = (error) => {
    if (error instanceof AnswerError && error.status === 503) return null;
    throw error;
  };
  const [listed, state] = await Promise.all([ask("/api/v1/actifs").catch(orNone), ask("/api/v1/etat").catch(orNone)]);
  assets = listed?.actifs ?? [];
  tables = state;
  listedTime = performance.now();
  if (choice.symbol === null && assets.length > 0) {
    const first = assets.find(({ symbol }) => symbol === FIRST_SYMBOL) ?? assets[0];
    choice.symbol = first.symbol;
    writeAddress(choice);
  }
}

function isKnown() {
  return assets.some(({ symbol }) => symbol === choice.symbol);
}

function choose(changed) {
  choice = { ...choice, ...changed };
  series?.close();
  series = null;
  if (connection.isPaused) pausedNow = serverNow();
  writeAddress(choice);
  document.documentElement.dataset.state = "loading";
  if (isKnown()) series = new Series(choice);
  show();
  live.now();
}

function choosePrediction(model, horizon) {
  choice = { ...choice, model, horizon };
  writeAddress(choice);
  if (series === null) return;
  series.choosePrediction(model, horizon).catch(() => {}).finally(show); // an outage shows at the next reading
  show();
}

function showLive(state) {
  if (state.isPaused && !connection.isPaused) pausedNow = serverNow();
  if (!state.isPaused) pausedNow = null;
  connection = state;
  showConnection(connection);
  showFirstState();
}

/** Everything, from what is known now. */
function show() {
  const isThere = series !== null && series.parts.price.state !== "unknown";
  byId("main").hidden = !isThere;
  byId("freshness").hidden = !isThere;
  showFirstState();
  showTables(tables);
  pickers.show({ assets, choice: { ...choice, ...chosenPrediction() }, forecasts: series?.forecasts ?? [] });
  if (!isThere) return;
  const now = pausedNow ?? serverNow();
  const asset = assets.find(({ symbol }) => symbol === choice.symbol);
  charts.show(series, { name: assetName(asset), now });
  lists.show(series, now);
  showHeadline(asset);
  showFreshness(charts, series);
  document.documentElement.dataset.state = series.isWhole ? "ready" : "loading";
}

function chosenPrediction() {
  return series ? { model: series.model, horizon: series.horizon } : {};
}

/** What stands in place of the charts: nothing there yet, an asset that nobody knows, no server. */
function showFirstState() {
  if (!byId("main").hidden) return void (byId("whole").hidden = true);
  const isOffline = connection.isOffline && assets.length === 0;
  const isUnknown = assets.length > 0;
  const isFirst = listedTime === -Infinity && !isOffline;
  const kind = isFirst ? "loading" : isUnknown ? "unknown" : isOffline ? "offline" : "waiting";
  document.documentElement.dataset.state = kind;
  const more = { unknown: word("unknownMore"), waiting: word("waitingMore") }[kind];
  const known = isUnknown ? assets.map(toAssetButton) : [];
  byId("whole").hidden = false;
  const key = `${kind} ${choice.language} ${choice.symbol} ${known.length}`;
  if (byId("whole").dataset.key === key) return;
  byId("whole").dataset.key = key;
  byId("whole").replaceChildren(
    element("p", { class: "what" }, word(kind, { symbol: choice.symbol })),
    more ? element("p", {}, more) : "",
    element("p", { class: "buttons" }, ...known),
  );
}

function toAssetButton(asset) {
  const button = element("button", { type: "button" }, assetName(asset));
  button.addEventListener("click", () => choose({ symbol: asset.symbol }));
  return button;
}

function showHeadline(asset) {
  const { points, quote } = series.parts.price;
  const newest = points.at(-1);
  const unit = (quote ?? "").toUpperCase();
  setText(byId("name"), assetName(asset));
  setText(byId("last"), newest ? `${formatPrice(newest.close)} ${unit}` : "");
  const change = newest ? (100 * (newest.close - points[0].open)) / points[0].open : 0;
  const arrow = change >= 0 ? "▲" : "▼";
  setText(byId("change"), newest ? `${arrow} ${formatSigned(change, 2)} % ${spanText(points[0].time)}` : "");
  byId("change").dataset.sign = change >= 0 ? "up" : "down";
  byId("generated").hidden = !asset.origins.includes("generated");
  byId("generated").title = word("generatedWhy");
  document.title = newest ? `${asset.symbol.toUpperCase()} ${formatPrice(newest.close)} · CRYPTO VIZ` : "CRYPTO VIZ";
}

/** A change is over the range only where the prices begin with it. */
function spanText(firstTime) {
  const { span } = series.spans;
  const isWhole = firstTime < serverNow() - 0.97 * span;
  return isWhole ? word("in", { range: word(`r${choice.range}`) }) : word("since", { time: formatTime(firstTime, "short") });
}

function speak(language) {
  choice = { ...choice, language };
  setLanguage(language);
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-word]")) setText(node, word(node.dataset.word));
  const other = language === "fr" ? "en" : "fr";
  byId("language").lang = other;
  setText(byId("language"), word("languageShort"));
  byId("language").setAttribute("aria-label", word("language"));
  showConnection(connection);
  show();
}

byId("language").addEventListener("click", () => {
  speak(choice.language === "fr" ? "en" : "fr");
  writeAddress(choice);
});
byId("live").addEventListener("click", () => live.pause(!connection.isPaused));
window.addEventListener("hashchange", () => {
  const { language, ...changed } = readAddress();
  speak(language);
  choose({ ...changed, symbol: changed.symbol ?? choice.symbol });
});
setInterval(() => {
  showConnection(connection);
  if (series) showFreshness(charts, series);
}, TICK_MS);
speak(choice.language);
live.now();
