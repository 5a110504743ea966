import assert from "node:assert/strict";
import { test } from "node:test";
import type { DistributionScore } from "../source/api-types.ts";
import { axisOf, besides, matrixOf, outcomeOf, type Outcome } from "../source/score-matrix.ts";

type Verdict = DistributionScore["verdicts"][number]["verdict"];

const verdictOf = (reference: string, verdict: Verdict) => ({ reference, verdict, n: 648, n_needed: 30, shown_since: null });

const SCORE: DistributionScore = {
  model: "random-walk", model_version: "1", horizon: "1h", data: "real", timeliness: "live",
  since: "2026-01-01T00:00:00Z", until: "2026-03-01T00:00:00Z", n: 8_000, n_apart: 648,
  comparisons: [
    { reference: "constant-volatility", score: "crps", skill: 0.067 }, { reference: "constant-volatility", score: "interval-score", skill: 0.2 },
    { reference: "ewma", score: "crps", skill: -0.01 },
  ],
  points: [{ loss: "absolute", ratio: 1.02 }, { loss: "squared", ratio: 1.5 }],
  coverage: { nominal: 0.9, share: 0.89, low: 0.86, high: 0.91 }, events: [],
  verdicts: [verdictOf("constant-volatility", "better"), verdictOf("ewma", "undecided"), verdictOf("random-walk", "undecided")],
};

test("rows are models, columns are horizons from the shortest, and what is missing is a gap", () => {
  const cells = [["b", "24h"], ["a", "1h"], ["b", "5m"], ["a", "90m"], ["b", "1h"]].map(([model, horizon]) => ({ ...SCORE, model: model!, horizon: horizon! }));
  const { horizons, rows } = matrixOf(cells);
  assert.deepEqual(horizons, ["5m", "1h", "90m", "24h"]);
  assert.deepEqual(rows.map(({ model, cells: ofModel }) => [model, ofModel.map((cell) => cell?.horizon ?? null)]), [
    ["a", [null, "1h", "90m", null]], ["b", ["5m", "1h", null, "24h"]],
  ]);
  assert.deepEqual(matrixOf([]), { horizons: [], rows: [] });
});

test("a cell is of the version whose forecasts are the newest", () => {
  const cells = (["10", "9", "2"] as const).map((model_version, i) => ({ ...SCORE, model_version, until: `2026-03-0${3 - i}T00:00:00Z` }));
  for (const ordered of [cells, [...cells].reverse()]) assert.equal(matrixOf(ordered).rows[0]!.cells[0]!.model_version, "10");
});

test("kinds of data are never mixed, and the best one there is is shown", () => {
  const kinds = [["generated", "replay"], ["generated", "live"], ["real", "replay"], ["real", "live"]] as const;
  for (let n = 1; n <= kinds.length; n += 1) {
    const [data, timeliness] = kinds[n - 1]!;
    const all = kinds.slice(0, n).map(([ofData, when], i) => ({ ...SCORE, data: ofData, timeliness: when, horizon: `${i + 1}h` }));
    const shown = matrixOf(all).rows.flatMap(({ cells }) => cells);
    assert.deepEqual(shown.map((cell) => [cell?.data, cell?.timeliness]), [[data, timeliness]]);
  }
});

test("a cell says no more than its verdicts do", () => {
  const table: [Verdict[], Outcome][] = [
    [["better", "better"], "better"], [["better"], "better"], [["better", "undecided"], "some"], [["too little data", "better"], "some"],
    [["better", "worse"], "worse"], [["worse", "too little data"], "worse"], [["undecided", "worse", "better"], "worse"],
    [["undecided", "undecided"], "undecided"], [["too little data", "undecided"], "undecided"], [["too little data"], "little"], [[], "little"],
  ];
  for (const [found, outcome] of table) {
    assert.equal(outcomeOf({ ...SCORE, verdicts: found.map((verdict, i) => verdictOf(String(i), verdict)) }), outcome, found.join(", "));
  }
});

test("skill is of the distribution, beside no change of the point forecast, and untold where there is too little", () => {
  const skills = (score: DistributionScore) => besides(score).map(({ reference, skill }) => [reference, skill === null ? null : Math.round(1_000 * skill)]);
  assert.deepEqual(skills(SCORE), [["constant-volatility", 67], ["ewma", -10], ["random-walk", -20]]);
  assert.deepEqual(skills({ ...SCORE, verdicts: [verdictOf("ewma", "too little data"), verdictOf("another", "better")] }), [["ewma", null]]);
  assert.deepEqual(skills({ ...SCORE, comparisons: [], points: [{ loss: "absolute", ratio: null }] }).map(([, skill]) => skill), [null, null, null]);
});

test("axes of a reliability curve end at a round number beyond every point", () => {
  const table: [number, number, number][] = [[0, 0, 0.01], [0.004, 0.0101, 0.02], [0.02, 0.01, 0.02], [0.03, 0.04, 0.05], [0.31, 0.02, 0.5], [0.02, 0.51, 1], [1, 1, 1]];
  for (const [stated, happened, expected] of table) {
    const event = { move: 0.01, base_rate: 0.1, brier_skill: 0.1, p_value: null, calibration_error: 0.01, reliability: [{ n: 3, stated, happened }] };
    const { end, ticks } = axisOf(event);
    assert.equal(end, expected);
    assert.deepEqual([ticks.length, ticks[0], ticks.at(-1)], [6, 0, expected]);
  }
});
