// The choice of the user in the address's fragment, so that a link reopens it.

import type { ViewParameters } from "./api-types.ts";
import { RANGES, WIDTHS, between, type Interval, type Range, type Span } from "./times.ts";
import { LANGUAGES, type Language } from "./words.ts";

/** `span` is null while the view is live; `model` null: not chosen, "": none; `at` is the bucket whose texts are read. */
export interface Choice {
  readonly symbol: string | null;
  readonly range: Range;
  readonly span: Span | null;
  readonly model: string | null;
  readonly horizon: string | null;
  readonly detail: Interval | null;
  readonly at: number | null;
  readonly language: Language;
}

const DEFAULT_RANGE: Range = "7d";

export function readAddress(fragment: string, spoken: string): Choice {
  const named = new URLSearchParams(fragment.replace(/^#/, ""));
  const range = named.get("range") ?? "", detail = named.get("detail") ?? "", language = named.get("lang") as Language;
  const [from, to, at] = ["from", "to", "at"].map((name) => instant(named.get(name)));
  return {
    symbol: named.get("symbol")?.toLowerCase() || null,
    range: Object.hasOwn(RANGES, range) ? (range as Range) : DEFAULT_RANGE,
    span: from != null && to != null ? between(from, to) : null,
    model: named.get("model"),
    horizon: named.get("horizon"),
    detail: Object.hasOwn(WIDTHS, detail) ? (detail as Interval) : null,
    at: at ?? null,
    language: LANGUAGES.includes(language) ? language : spoken.toLowerCase().startsWith("fr") ? "fr" : "en",
  };
}

/** The fragment that reads back as this choice. */
export function toAddress({ symbol, range, span, model, horizon, detail, at, language }: Choice): string {
  const named = new URLSearchParams();
  const add = (name: string, value: string | null) => value !== null && named.set(name, value);
  add("symbol", symbol);
  add("range", range);
  add("from", span && shown(span.from));
  add("to", span && shown(span.to));
  add("detail", detail);
  add("at", at === null ? null : shown(at));
  add("lang", language);
  add("model", model);
  add("horizon", horizon);
  return `#${named.toString().replaceAll("%3A", ":")}`;
}

/** The choice as a saved view holds it: what the address names, and nothing else. */
export function toParameters(choice: Choice): ViewParameters {
  const { from, to, ...named } = Object.fromEntries(new URLSearchParams(toAddress(choice).slice(1)));
  return from !== undefined && to !== undefined ? { ...named, span: { from, to } } : named;
}

export function readParameters({ span, ...named }: ViewParameters, spoken: string): Choice {
  const given = Object.entries({ ...named, ...span }).filter((pair): pair is [string, string] => typeof pair[1] === "string");
  return readAddress(new URLSearchParams(given).toString(), spoken);
}

/** True where both choices show the same, in any language. */
export function isSamePicture(a: Choice, b: Choice): boolean {
  const symbol = a.symbol ?? b.symbol, { language } = a;
  return toAddress({ ...a, symbol }) === toAddress({ ...b, symbol: b.symbol ?? symbol, language });
}

function instant(text: string | null): number | null {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? null : time;
}

function shown(time: number): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}
