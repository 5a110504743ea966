import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { Score } from "../source/api-types.ts";
import { comparisonOf, compareVersions, kindOf, scoresOf, sentences, titleOf, verdicts } from "../source/scorecard.ts";
import { setLanguage } from "../source/words.ts";

const SCORE: Score = {
  model: "drift", model_version: "1", horizon: "1h", data: "real", timeliness: "live", window: "7d", n: 1_234, n_non_overlapping: 167, n_replay: 0, n_without_price: 2, origins: ["collected"],
  mean_absolute_error: 310.2, random_walk_error: 305, relative_error: 1.017, direction: { n: 900, accuracy: 0.52, low: 0.48, high: 0.56 },
  diebold_mariano: { statistic: 1, p_value: 0.31 }, interval: { n: 1_234, coverage: 0.79, nominal_coverage: 0.8 }, beats_random_walk: false,
};

afterEach(() => setLanguage("en"));

test("a comparison needs a test, thirty free forecasts and less than five percent of chance", () => {
  assert.equal(comparisonOf(SCORE), "same");
  const sure = { ...SCORE, diebold_mariano: { statistic: 3, p_value: 0.01 } };
  assert.equal(comparisonOf(sure), "worse");
  assert.equal(comparisonOf({ ...sure, relative_error: 0.9 }), "better");
  assert.equal(comparisonOf({ ...sure, n_non_overlapping: 29 }), "little");
  assert.equal(comparisonOf({ ...SCORE, diebold_mariano: null }), "little");
  assert.equal(comparisonOf({ ...SCORE, model: "random-walk" }), "baseline");
  assert.equal(comparisonOf({ ...SCORE, n: 0 }), "none");
});

test("the figures are said, and no more than they are", () => {
  assert.deepEqual(sentences(SCORE, "usd"), [
    "Off by 310.20 USD on average. Assuming no change: 305.00 USD.",
    "Chance alone could well give this difference (p = 0.310).",
    "Named the right direction 52 % of the time (95 %: 48 to 56 %).",
    "Its 80 % interval held 79 % of outcomes.",
    "From 1,234 forecasts; 167 of them without a common moment.",
  ]);
  const little = sentences({ ...SCORE, n_non_overlapping: 7, direction: null, diebold_mariano: null, interval: null }, "usd");
  assert.deepEqual(little.slice(1), ["A comparison needs 30 forecasts without a common moment; there are 7.", "From 1,234 forecasts; 7 of them without a common moment."]);
});

test("forecasts that came after the fact are told apart", () => {
  assert.deepEqual(sentences({ ...SCORE, n: 0, n_replay: 284 }, "usd"), [
    "None of its forecasts that were made in time has come due.",
    "284 were published only when their outcome was known, and do not count here.",
  ]);
  const empty = ["30d", "7d", "24h"].map((window) => ({ ...SCORE, window, n: window === "7d" ? 5 : 0 }));
  assert.deepEqual(scoresOf(empty, "drift", "1h").map(({ window }) => window), ["30d", "7d"]);
});

test("a tiny chance is not said to be none", () => {
  const [, chance] = sentences({ ...SCORE, diebold_mariano: { statistic: 9, p_value: 0 } }, "usd");
  assert.equal(chance, "Chance alone would rarely give this difference (p < 0.001).");
});

test("it speaks French", () => {
  setLanguage("fr");
  assert.equal(titleOf(SCORE), "drift, à 1 h, 7 j écoulés");
  assert.equal(sentences(SCORE, "usd")[3], "Son intervalle à 80 % a tenu 79 % des issues.");
});

test("scores are of one model and horizon, its newest version, the longest window first", () => {
  const scores = ["24h", "30d", "7d"].flatMap((window) => ["1", "2"].map((model_version) => ({ ...SCORE, window, model_version })));
  const found = scoresOf([...scores, { ...SCORE, horizon: "5m" }, { ...SCORE, model: "other" }], "drift", "1h");
  assert.deepEqual(found.map(({ window, model_version }) => [window, model_version]), [["30d", "2"], ["7d", "2"], ["24h", "2"]]);
});

test("replays are judged where there is no live record, and said to be replays", () => {
  const kinds = [["real", "live", 0], ["real", "replay", 40], ["generated", "live", 900]] as const;
  const found = scoresOf(kinds.map(([data, timeliness, n]) => ({ ...SCORE, data, timeliness, n })), "drift", "1h");
  assert.deepEqual(found.map(({ data, timeliness, n }) => [data, timeliness, n]), [["real", "replay", 40]]);
  assert.equal(kindOf(found[0]!), "Replayed forecasts: published only when their outcome was known, no track record.");
  assert.equal(kindOf(SCORE), null);
  assert.equal(kindOf({ ...SCORE, data: "generated" }), "Forecasts of a generated market.");
  assert.deepEqual(scoresOf([{ ...SCORE, n: 0 }], "drift", "1h").map(({ n }) => n), [0]);
});

test("a verdict on the distribution says what is shown and since when", () => {
  const { model, model_version, horizon, data, timeliness } = SCORE;
  const base = { n: 648, n_needed: 30, shown_since: null };
  const distribution = {
    model, model_version, horizon, data, timeliness, since: "2026-01-01T00:00:00Z", until: "2026-02-01T00:00:00Z", n: 8_000, n_apart: 648,
    points: [], coverage: { nominal: 0.9, share: 0.9, low: 0.88, high: 0.92 }, events: [], comparisons: [{ reference: "constant-volatility", score: "crps", skill: 0.067 }],
    verdicts: [
      { ...base, reference: "constant-volatility", verdict: "better" as const, shown_since: "2026-01-02T10:00:00Z" },
      { ...base, reference: "ewma", verdict: "undecided" as const },
      { ...base, reference: "random-walk", verdict: "too little data" as const, n: 20, n_needed: 90 },
    ],
  };
  const [better, undecided, little] = verdicts(distribution);
  assert.match(better!, /^Better than a constant volatility since .*2.* \(score 7 % better, 648 outcomes\)\.$/);
  assert.equal(undecided, "Not shown to be better than an average of recent moves (648 outcomes).");
  assert.equal(little, "Too little data beside assuming no change: 20 of 90 outcomes without a common moment.");
  assert.deepEqual(verdicts(undefined), []);
});

test("versions are ordered by their numbers and not as text", () => {
  const ascending = ["1", "1.0.0-rc1", "1.0.0", "1.0.9", "1.0.10+seed7", "1.9.0", "1.10.0", "2.0.0-beta.2", "2.0.0-beta.11", "2.0.0", "9.0.0", "10.0.0"];
  for (const [i, low] of ascending.entries()) {
    for (const high of ascending.slice(i + 1)) {
      assert.ok(compareVersions(low, high) < 0, `${low} before ${high}`);
      assert.ok(compareVersions(high, low) > 0, `${high} after ${low}`);
    }
    assert.equal(compareVersions(low, low), 0);
  }
  const scores = ["9.0.0", "10.0.0", "2.0.0"].map((model_version) => ({ ...SCORE, model_version }));
  for (const given of [scores, [...scores].reverse()]) assert.deepEqual(scoresOf(given, "drift", "1h").map(({ model_version }) => model_version), ["10.0.0"]);
});
