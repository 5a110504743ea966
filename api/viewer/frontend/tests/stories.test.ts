import assert from "node:assert/strict";
import { test } from "node:test";
import { toText, type Text } from "../source/points.ts";
import { foldStories } from "../source/stories.ts";

const text = (id: string, storyId: string | null, source: string, nSources = 1): Text =>
  toText({
    event_time: "2026-11-01T00:00:00Z", score: 0.5, label: "positive", p_negative: null, p_neutral: null, p_positive: null, model: "m", source, title: id, url: null,
    language: "en", terms: [], message_id: id, origin: "collected", story_id: storyId, n_sources: storyId === null ? null : nSources,
  });

const folded = (texts: readonly Text[]) => foldStories(texts).map(({ newest, others, nSources }) => [newest.id, others.map(({ id }) => id), nSources]);

test("a story is at the place of its newest text, with the others under it", () => {
  const texts = [text("d", "a", "wire", 3), text("c", "c", "wire"), text("b", "a", "post", 3), text("a", "a", "wire", 3)];
  assert.deepEqual(folded(texts), [["d", ["b", "a"], 3], ["c", [], 1]]);
});

test("sources beyond what was read count, and so do those that were read before the server knew them", () => {
  assert.deepEqual(folded([text("a", "a", "wire", 5)]), [["a", [], 5]]);
  assert.deepEqual(folded([text("b", "a", "post", 1), text("a", "a", "wire", 1)]), [["b", ["a"], 2]]);
});

test("a text without a story is one of its own", () => {
  assert.deepEqual(folded([text("b", null, "wire"), text("a", null, "wire")]), [["b", [], 1], ["a", [], 1]]);
  assert.deepEqual(folded([]), []);
});
