// The bar on top: what is looked at, how fresh it is, and what can be done with it.

import type { Asset } from "../api-types.ts";
import { chosenAsset } from "../names.ts";
import { RANGES, WIDTHS, type Interval, type Range } from "../times.ts";
import type { State, Viewer } from "../viewer.ts";
import { formatInterval, word } from "../words.ts";
import { ConnectionBadge } from "./badges.tsx";
import { Share } from "./share.tsx";
import { Views } from "./views.tsx";
import { THEMES, type ThemeName } from "../theme-choice.ts";

interface Properties {
  readonly state: State;
  readonly viewer: Viewer;
  readonly theme: ThemeName;
  readonly onTheme: (theme: ThemeName) => void;
  readonly onPicture: () => Promise<void>;
}

export function Bar({ state, viewer, theme, onTheme, onPicture }: Properties) {
  const { choice } = state;
  const other = choice.language === "fr" ? "en" : "fr";
  return (
    <header class="bar">
      <p class="brand"><i class="logo" aria-hidden="true" />CRYPTO VIZ</p>
      <AssetPicker state={state} onChoose={(symbol) => viewer.choose({ symbol, at: null })} />
      <RangePicker state={state} onChoose={(range) => viewer.choose({ range, span: null, at: null })} />
      <PredictionPicker state={state} onChoose={(chosen) => viewer.choose(chosen)} />
      <div class="right">
        {chosenAsset(state) === null && <ConnectionBadge state={state} />}
        <Views state={state} viewer={viewer} />
        <LiveButton state={state} viewer={viewer} />
        <Share state={state} onPicture={onPicture} />
        <button id="theme" type="button" class="icon" title={word("theme", { name: themeWord(theme) })} aria-label={word("theme", { name: themeWord(theme) })}
          onClick={() => onTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!)}>
          <span aria-hidden="true">{{ auto: "◐", light: "☀", dark: "☾" }[theme]}</span>
        </button>
        <button id="language" type="button" class="icon" lang={other} aria-label={`${word("languageShort")}, ${word("language")}`} onClick={() => viewer.speak(other)}>{word("languageShort")}</button>
      </div>
    </header>
  );
}

function themeWord(theme: ThemeName): string {
  return word(({ auto: "themeAuto", light: "themeLight", dark: "themeDark" } as const)[theme]);
}

function LiveButton({ state, viewer }: { state: State; viewer: Viewer }) {
  const isLive = state.choice.span === null;
  return (
    <button id="live" type="button" class={isLive ? "" : "primary"} aria-keyshortcuts={isLive ? "Space" : "L"} onClick={() => (isLive ? viewer.pause() : viewer.goLive())}>
      <span aria-hidden="true">{isLive ? "❚❚ " : "▶ "}</span>{word(isLive ? "pause" : "resume")}
    </button>
  );
}

function AssetPicker({ state: { assets, choice: { symbol } }, onChoose }: { state: State; onChoose: (symbol: string) => void }) {
  const isUnlisted = symbol !== null && !assets.some((asset) => asset.symbol === symbol);
  return (
    <label class="field">
      <span class="hidden">{word("asset")}</span>
      <select id="asset" disabled={assets.length === 0} value={symbol ?? ""} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
        {isUnlisted && <option value={symbol}>{symbol.toUpperCase()}</option>}
        {assets.map((asset) => <option key={asset.symbol} value={asset.symbol} selected={asset.symbol === symbol}>{assetText(asset)}</option>)}
      </select>
    </label>
  );
}

function assetText({ name, symbol }: Asset): string {
  return name === null ? symbol.toUpperCase() : `${name} ${symbol.toUpperCase()}`;
}

function RangePicker({ state: { choice }, onChoose }: { state: State; onChoose: (range: Range) => void }) {
  return (
    <fieldset id="ranges" class="ranges">
      <legend class="hidden">{word("range")}</legend>
      {(Object.keys(RANGES) as Range[]).map((range) => (
        <label key={range}>
          <input type="radio" name="range" value={range} checked={choice.range === range && choice.span === null}
            onClick={() => (choice.span !== null || choice.range !== range) && onChoose(range)} />
          <span>{word(`r${range}`)}</span>
        </label>
      ))}
    </fieldset>
  );
}

function PredictionPicker({ state, onChoose }: { state: State; onChoose: (chosen: { model: string; horizon: string | null }) => void }) {
  const { choice, kinds, dataset } = state, kind = choice.model === "" ? null : (dataset?.kind ?? null);
  const isListed = kind === null || kinds.some(({ model, horizon }) => model === kind.model && horizon === kind.horizon);
  const listed = isListed ? kinds : [kind, ...kinds];
  const valueOf = (of: { model: string; horizon: string | null }) => JSON.stringify([of.model, of.horizon]);
  const chosen = kind ? valueOf(kind) : "";
  return (
    <label class="field">
      <span class="hidden">{word("prediction")}</span>
      <select id="forecast" disabled={listed.length === 0} value={chosen}
        onChange={({ currentTarget: { value } }) => {
          const [model, horizon] = value ? (JSON.parse(value) as [string, string]) : ["", null];
          onChoose({ model, horizon });
        }}>
        {listed.map((of) => <option key={valueOf(of)} value={valueOf(of)} selected={valueOf(of) === chosen}>{`${of.model} · ${formatInterval(of.horizon)}`}</option>)}
        <option value="" selected={chosen === ""}>{word("noPrediction")}</option>
      </select>
    </label>
  );
}

export function DetailPicker({ detail, onChoose }: { detail: Interval | null; onChoose: (detail: Interval | null) => void }) {
  return (
    <label class="field narrow">
      <span class="hidden">{word("detail")}</span>
      <select id="detail" title={word("detail")} value={detail ?? ""} onChange={({ currentTarget: { value } }) => onChoose((value || null) as Interval | null)}>
        <option value="" selected={detail === null}>{`${word("detail")}: ${word("auto")}`}</option>
        {(Object.keys(WIDTHS) as Interval[]).map((interval) => <option key={interval} value={interval} selected={interval === detail}>{`${word("detail")}: ${formatInterval(interval)}`}</option>)}
      </select>
    </label>
  );
}
