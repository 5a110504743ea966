// The scorecard in words: what a model's forecasts were worth beside assuming no change. Pure.

import type { DistributionScore, Score } from "./api-types.ts";
import { formatInterval, formatNumber, formatPrice, formatShare, formatTime, word } from "./words.ts";

export type Comparison = "better" | "worse" | "same" | "little" | "baseline" | "none";

/** A score with that of its distributions, where there is one. */
export type Scored = Score & { readonly distribution?: DistributionScore | undefined };

/** Kinds of data from the best track record on; they are never mixed. */
export const KINDS = [["real", "live"], ["real", "replay"], ["generated", "live"], ["generated", "replay"]] as const;
export const REFERENCES: Readonly<Record<string, "refConstant" | "refEwma" | "refWalk">> = {
  "constant-volatility": "refConstant", ewma: "refEwma", "random-walk": "refWalk",
};

/** The API's limits for a difference that is not chance. */
const MIN_FREE = 30;
const SIGNIFICANCE = 0.05;
const BASELINE = "random-walk";
const WINDOWS = ["24h", "7d", "30d"];
const BY_NUMBER = new Intl.Collator("en", { numeric: true });

/** Above chance in either direction, or not; the baseline is not measured against itself. */
export function comparisonOf(score: Score): Comparison {
  const { diebold_mariano: test, relative_error: relative } = score;
  if (score.n === 0) return "none";
  if (score.model === BASELINE) return "baseline";
  if (test === null || relative === null || score.n_non_overlapping < MIN_FREE) return "little";
  if (test.p_value >= SIGNIFICANCE) return "same";
  return relative < 1 ? "better" : "worse";
}

/** The sentences that the figures allow; none of them says more than its figure does. */
export function sentences(score: Score, quote: string): string[] {
  const { n_non_overlapping: free, mean_absolute_error: error, random_walk_error: walk, direction, diebold_mariano: test, interval } = score;
  const late = score.n_replay > 0 ? [word("scoreReplay", { n: formatNumber(score.n_replay) })] : [];
  if (score.n === 0) return [word("scoreNone"), ...late];
  const amount = (value: number) => `${formatPrice(value)} ${quote.toUpperCase()}`;
  const comparison = comparisonOf(score), texts: string[] = [];
  if (error !== null && walk !== null && comparison !== "baseline") texts.push(word("scoreError", { error: amount(error), walk: amount(walk) }));
  if (comparison === "little") texts.push(word("scoreNeeds", { free: formatNumber(free) }));
  if (test !== null && (comparison === "same" || comparison === "better" || comparison === "worse")) {
    texts.push(word(comparison === "same" ? "scoreChance" : "scoreNoChance", { p: test.p_value < 0.001 ? "p < 0.001" : `p = ${formatNumber(test.p_value, 3)}` }));
  }
  if (direction !== null) {
    texts.push(word("scoreDirection", { share: formatShare(direction.accuracy), low: formatShare(direction.low), high: formatShare(direction.high) }));
  }
  if (interval !== null) {
    texts.push(word("scoreCoverage", { nominal: formatShare(interval.nominal_coverage), share: formatShare(interval.coverage) }));
  }
  texts.push(word("scoreFrom", { n: formatNumber(score.n), free: formatNumber(free) }), ...late);
  return texts;
}

/** Verdicts on the distributions, which hold however often one looks. */
export function verdicts(distribution: DistributionScore | undefined): string[] {
  if (distribution === undefined) return [];
  return distribution.verdicts.flatMap(({ reference, verdict, n, n_needed: needed, shown_since: since }) => {
    const name = REFERENCES[reference];
    if (name === undefined) return [];
    const places = { reference: word(name), n: formatNumber(n), needed: formatNumber(needed), time: since === null ? "" : formatTime(Date.parse(since)) };
    const skill = distribution.comparisons.find((one) => one.reference === reference && one.score === "crps")?.skill;
    if (verdict === "too little data") return [word("verdictLittle", places)];
    if (verdict === "undecided") return [word("verdictUndecided", places)];
    const size = skill === undefined ? "" : word(skill >= 0 ? "crpsLower" : "crpsHigher", { share: formatShare(Math.abs(skill)) });
    return [word(verdict === "better" ? "verdictBetter" : "verdictWorse", { ...places, size })];
  });
}

/** The kind of data that a score is of, where it is no live record of real prices; null where it is. */
export function kindOf({ data, timeliness }: Pick<Score, "data" | "timeliness">): string | null {
  if (timeliness === "replay") return word(data === "real" ? "scoreOfReplay" : "scoreOfGeneratedReplay");
  return data === "real" ? null : word("scoreOfGenerated");
}

export function titleOf({ model, horizon, window }: Score): string {
  return word("scoreOf", { model, horizon: formatInterval(horizon), window: formatInterval(window) });
}

/**
 * The scores of one model and horizon, the longest window first; of its newest version where there are several, and of
 * the best kind of data that has an outcome. Windows without a scored forecast are left out, but for the longest.
 */
export function scoresOf<S extends Score>(scores: readonly S[], model: string, horizon: string): S[] {
  const ours = scores.filter((score) => score.model === model && score.horizon === horizon);
  const version = ours.map(({ model_version }) => model_version).sort(compareVersions).at(-1);
  const ofVersion = ours.filter(({ model_version }) => model_version === version);
  const ofKinds = KINDS.map(([data, timeliness]) => ofVersion.filter((score) => score.data === data && score.timeliness === timeliness));
  const chosen = ofKinds.find((ofKind) => ofKind.some(({ n }) => n > 0)) ?? ofKinds.find((ofKind) => ofKind.length > 0) ?? [];
  return chosen
    .sort((a, b) => WINDOWS.indexOf(b.window) - WINDOWS.indexOf(a.window))
    .filter(({ n }, i) => i === 0 || n > 0);
}

/** Order of two versions by their numbers, 10 after 9; a pre-release (2.0.0-rc1) is before its release. */
export function compareVersions(a: string, b: string): number {
  const [coreOfA, preOfA] = parts(a), [coreOfB, preOfB] = parts(b);
  return BY_NUMBER.compare(coreOfA, coreOfB) || Number(preOfA === "") - Number(preOfB === "") || BY_NUMBER.compare(a, b);
}

function parts(version: string): [string, string] {
  const [core = "", pre = ""] = version.replace(/\+.*$/s, "").split(/-(.*)/s);
  return [core, pre];
}
