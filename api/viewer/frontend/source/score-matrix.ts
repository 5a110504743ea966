// The scorecard of distributions as a matrix of models and horizons. Pure.

import type { DistributionScore, EventScore } from "./api-types.ts";
import { KINDS, REFERENCES } from "./scorecard.ts";
import { horizonMs } from "./times.ts";

/** What is shown over all references of a cell: the worst of them, as far as one is worse. */
export type Outcome = "better" | "some" | "worse" | "undecided" | "little";

/** `skill` is 1 - model / reference; null where there is too little data to tell it. */
export interface Beside {
  readonly reference: string;
  readonly skill: number | null;
}

export interface Matrix {
  readonly horizons: readonly string[];
  readonly rows: readonly { readonly model: string; readonly cells: readonly (DistributionScore | null)[] }[];
}

export const NO_MATRIX: Matrix = { horizons: [], rows: [] };
const WALK = "random-walk";
/** Ends of an axis of probabilities. */
const ENDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
const N_TICKS = 5;

/** Models by name, horizons from the shortest; of the newest version, on the best kind of data that there is alone. */
export function matrixOf(all: readonly DistributionScore[]): Matrix {
  const kind = KINDS.find(([data, timeliness]) => all.some((one) => one.data === data && one.timeliness === timeliness));
  if (kind === undefined) return NO_MATRIX;
  const ours = all.filter((one) => one.data === kind[0] && one.timeliness === kind[1]);
  const horizons = [...new Set(ours.map(({ horizon }) => horizon))].sort((a, b) => horizonMs(a) - horizonMs(b));
  const models = [...new Set(ours.map(({ model }) => model))].sort();
  const newest = (model: string, horizon: string) => ours
    .filter((one) => one.model === model && one.horizon === horizon)
    .reduce<DistributionScore | null>((best, one) => (best === null || Date.parse(one.until) > Date.parse(best.until) ? one : best), null);
  return { horizons, rows: models.map((model) => ({ model, cells: horizons.map((horizon) => newest(model, horizon)) })) };
}

export function outcomeOf({ verdicts }: DistributionScore): Outcome {
  const found = new Set(verdicts.map(({ verdict }) => verdict));
  if (found.has("worse")) return "worse";
  if (found.has("better")) return found.size === 1 ? "better" : "some";
  return found.has("undecided") ? "undecided" : "little";
}

/** Skill beside each reference: of the CRPS, and beside the random walk, which has no distribution, of absolute errors. */
export function besides({ verdicts, comparisons, points }: DistributionScore): Beside[] {
  return verdicts.filter(({ reference }) => reference in REFERENCES).map(({ reference, verdict }) => {
    if (verdict === "too little data") return { reference, skill: null };
    const ratio = points.find(({ loss }) => loss === "absolute")?.ratio ?? null;
    const ofPoints = ratio === null ? null : 1 - ratio;
    const ofCrps = comparisons.find((one) => one.reference === reference && one.score === "crps")?.skill ?? null;
    return { reference, skill: reference === WALK ? ofPoints : ofCrps };
  });
}

/** End and ticks of both axes of a reliability curve, from 0. */
export function axisOf({ reliability }: EventScore): { end: number; ticks: number[] } {
  const greatest = Math.max(0, ...reliability.flatMap(({ stated, happened }) => [stated, happened]));
  const end = ENDS.find((one) => one >= greatest) ?? 1;
  return { end, ticks: Array.from({ length: N_TICKS + 1 }, (_, i) => (i * end) / N_TICKS) };
}
