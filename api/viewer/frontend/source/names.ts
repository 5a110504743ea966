// How assets and views are called.

import type { Asset } from "./api-types.ts";
import type { State } from "./viewer.ts";
import { formatSpan, word } from "./words.ts";

export function assetName({ symbol, name }: Asset): string {
  return name ?? symbol.toUpperCase();
}

export function chosenAsset({ assets, choice }: State): Asset | null {
  return assets.find(({ symbol }) => symbol === choice.symbol) ?? null;
}

/** The span that is looked at, or how far back a live view reaches. */
export function spanName({ choice, span }: State): string {
  return choice.span === null || span === null ? word("over", { range: word(`r${choice.range}`) }) : formatSpan(span);
}

/** Whether a held view has now in it: then it was paused, and otherwise it looks back. */
export function isPaused({ hold, span }: State): boolean {
  return hold !== null && span !== null && span.to >= hold.sinceTime && span.from < hold.sinceTime;
}
