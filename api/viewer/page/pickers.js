// What can be chosen: asset, range, prediction.

import { RANGES } from "./address.js";
import { serverNow } from "./answers.js";
import { byId, element, setText } from "./dom.js";
import { formatAge, formatInterval, word } from "./words.js";

export const NO_PREDICTION = { model: "", horizon: null };

export class Pickers {
  constructor({ onAsset, onRange, onPrediction }) {
    byId("asset").addEventListener("change", ({ target }) => onAsset(target.value));
    byId("forecast").addEventListener("change", ({ target }) => {
      onPrediction(target.value ? JSON.parse(target.value) : NO_PREDICTION);
    });
    for (const range of Object.keys(RANGES)) {
      const input = element("input", { type: "radio", name: "range", value: range });
      input.addEventListener("change", () => onRange(range));
      byId("ranges").append(element("label", {}, input, element("span", { "data-word": `r${range}` })));
    }
  }

  show({ assets, choice, forecasts }) {
    this.#showAssets(assets, choice.symbol);
    for (const input of byId("ranges").querySelectorAll("input")) input.checked = input.value === choice.range;
    this.#showForecasts(forecasts, choice);
  }

  #showAssets(assets, symbol) {
    const unlisted = symbol !== null && !assets.some((asset) => asset.symbol === symbol);
    const options = assets.map((asset) => [asset.symbol, assetText(asset)]);
    fill(byId("asset"), unlisted ? [[symbol, symbol.toUpperCase()], ...options] : options, symbol ?? "");
    byId("asset").disabled = assets.length === 0;
  }

  #showForecasts(forecasts, { model, horizon }) {
    const isListed = forecasts.some((found) => found.model === model && found.horizon === horizon);
    const listed = isListed || !model ? forecasts : [{ model, horizon }, ...forecasts];
    const options = listed.map((found) => [valueOf(found), `${found.model} · ${horizonText(found.horizon)}`]);
    fill(byId("forecast"), [...options, ["", word("noPrediction")]], model ? valueOf({ model, horizon }) : "");
    byId("forecast").disabled = listed.length === 0;
  }
}

export function assetName({ symbol, name }) {
  return name ?? symbol.toUpperCase();
}

function assetText(asset) {
  const age = formatAge((serverNow() - Date.parse(asset.last_event_time)) / 1_000);
  const name = asset.name === null ? "" : `${asset.name} `;
  return `${name}${asset.symbol.toUpperCase()} · ${age}`;
}

function horizonText(horizon) {
  return /^\d+[mhd]$/.test(horizon ?? "") ? formatInterval(horizon) : String(horizon);
}

function valueOf({ model, horizon }) {
  return JSON.stringify({ model, horizon });
}

/** Keeps the options that are there, so that an open list does not jump. */
function fill(select, options, chosen) {
  while (select.options.length > options.length) select.options[select.options.length - 1].remove();
  options.forEach(([value, text], i) => {
    if (!select.options[i]) select.append(element("option"));
    select.options[i].value = value;
    setText(select.options[i], text);
  });
  select.value = chosen;
}
