// Words, numbers and times in the language that was chosen.

import { en, type Words } from "./words-en.ts";
import { fr } from "./words-fr.ts";
import type { Span } from "./times.ts";
import { DAY } from "./times.ts";

const WORDS = { en, fr } as const satisfies Record<string, Words>;
const LOCALES = { en: "en-GB", fr: "fr-FR" } as const;

export type Language = keyof typeof WORDS;
export type Key = keyof Words;
export const LANGUAGES = Object.keys(WORDS) as Language[];

let language: Language = "en";
const formats = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

export function setLanguage(chosen: Language): void {
  language = chosen;
  formats.clear();
}

/** The word for a key, with its {places} filled in. */
export function word(key: Key, places: Record<string, string | number> = {}): string {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (_, name: string) => String(places[name]));
}

/** A number with exactly `digits` decimals. */
export function formatNumber(value: number, digits = 0): string {
  return numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

export function formatSigned(value: number, digits: number): string {
  return numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" }).format(value);
}

/** Decimals that a price of this size deserves: 91,500.25 but 0.08312. */
export function priceDigits(value: number): number {
  return value >= 100 ? 2 : Math.min(10, Math.max(2, 4 - Math.floor(Math.log10(Math.abs(value) || 1))));
}

export function formatPrice(value: number): string {
  return formatNumber(value, priceDigits(value));
}

export function formatScore(value: number): string {
  return formatSigned(value, 2);
}

/** A share in [0, 1] as a number of percent, without its sign. */
export function formatShare(value: number): string {
  return formatNumber(100 * value);
}

const TIME_FORMATS = {
  full: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
  short: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
  clock: { hour: "2-digit", minute: "2-digit" },
  day: { day: "numeric", month: "short" },
  month: { month: "short", year: "numeric" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** A time of the browser's zone. */
export function formatTime(ms: number, kind: keyof typeof TIME_FORMATS = "full"): string {
  return cachedFormat(`time ${kind}`, () => new Intl.DateTimeFormat(LOCALES[language], TIME_FORMATS[kind])).format(ms);
}

/** Both ends of a span; the day is named once where it is the same. */
export function formatSpan({ from, to }: Span): string {
  const isOneDay = to - from < DAY && formatTime(from, "day") === formatTime(to, "day");
  return `${formatTime(from, "short")} – ${formatTime(to, isOneDay ? "clock" : "short")}`;
}

/** An age, or a time ahead where negative, in one unit. */
export function formatAge(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 0.5) return word("justNow");
  const units = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]] as const;
  const [unit, length] = units.find(([, long]) => size >= long * 1.995 || long === 1)!;
  return word(seconds >= 0 ? "ago" : "ahead", { age: `${formatNumber(Math.max(1, Math.floor(size / length)))} ${word(unit)}` });
}

/** An interval or horizon of the API as people write it: 15m is 15 min. */
export function formatInterval(interval: string): string {
  const unit = { m: "min", h: "h", d: "d" }[interval.slice(-1)] as "min" | "h" | "d" | undefined;
  return unit ? `${interval.slice(0, -1)} ${word(unit)}` : interval;
}

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return cachedFormat(JSON.stringify(options), () => new Intl.NumberFormat(LOCALES[language], options));
}

function cachedFormat<F extends Intl.NumberFormat | Intl.DateTimeFormat>(key: string, make: () => F): F {
  if (!formats.has(key)) formats.set(key, make());
  return formats.get(key) as F;
}
