// Texts folded by the story that they tell. Pure.

import type { Text } from "./points.ts";

/** A story as a list shows it: its newest text, and the others that were read, the newest first. */
export interface Story {
  readonly newest: Text;
  readonly others: readonly Text[];
  /** Sources that have told it, also those whose texts were not read. */
  readonly nSources: number;
}

/** Texts by story, in the order of each story's newest text; texts come the newest first. */
export function foldStories(texts: readonly Text[]): Story[] {
  const byStory = new Map<string, Text[]>();
  for (const text of texts) {
    const id = text.storyId ?? text.id, told = byStory.get(id);
    if (told) told.push(text);
    else byStory.set(id, [text]);
  }
  return [...byStory.values()].flatMap(([newest, ...others]) => (newest ? [toStory(newest, others)] : []));
}

function toStory(newest: Text, others: readonly Text[]): Story {
  const texts = [newest, ...others], nRead = new Set(texts.map(({ source }) => source)).size;
  return { newest, others, nSources: Math.max(nRead, ...texts.map(({ nSources }) => nSources)) };
}
