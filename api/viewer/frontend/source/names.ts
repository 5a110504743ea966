// Names of assets and views.

import type { Asset } from "./api-types.ts";
import type { State } from "./viewer.ts";
import { formatSpan, word } from "./words.ts";

/** Symbol of the crypto market as a whole, and its name before staff gives it another one. */
const MARKET = "market", MARKET_NAME = "Crypto market";

export function assetName({ symbol, name }: Asset): string {
  if (symbol === MARKET && (name === null || name === MARKET_NAME)) return word("cryptoMarket");
  return name ?? symbol.toUpperCase();
}

export function chosenAsset({ assets, choice }: State): Asset | null {
  return assets.find(({ symbol }) => symbol === choice.symbol) ?? null;
}

/** The span that is looked at, or how far back a live view reaches. */
export function spanName({ choice, span }: State): string {
  return choice.span === null || span === null ? word("over", { range: word(`r${choice.range}`) }) : formatSpan(span);
}

/** True for a held view that contains now: it was paused, and is not one of the past. */
export function isPaused({ hold, span }: State): boolean {
  return hold !== null && span !== null && span.to >= hold.sinceTime && span.from < hold.sinceTime;
}
