// Texts in place of points: loading, empty, failed.

import type { PartState } from "../part.ts";
import { word, type Key } from "../words.ts";

const EMPTY = {
  price: "emptyPrice", sentiment: "emptySentiment", counts: "emptyCounts", heat: "emptyHeat",
  texts: "emptyTexts", predictions: "emptyPredictions", scores: "emptyScores",
} as const satisfies Record<string, Key>;

export function stateText(name: keyof typeof EMPTY, { state, detail }: { readonly state: PartState; readonly detail: string }): string {
  if (state === "loading") return word("loading");
  if (state === "waiting") return word("waiting");
  if (state === "error") return word("error", { detail });
  return word(EMPTY[name]);
}
