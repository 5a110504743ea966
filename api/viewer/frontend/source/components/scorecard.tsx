// The scorecard of the chosen model, in sentences.

import { comparisonOf, kindOf, scoresOf, sentences, titleOf, verdicts, type Comparison } from "../scorecard.ts";
import type { State } from "../viewer.ts";
import { word, type Key } from "../words.ts";
import { OriginBadge } from "./badges.tsx";
import { stateText } from "./states.ts";

const COMPARISONS = {
  better: "scoreBetter", worse: "scoreWorse", same: "scoreSame", little: "scoreLittle", baseline: "scoreIsBaseline", none: "scoreNothing",
} as const satisfies Record<Comparison, Key>;
const LEVELS = { better: "fresh", worse: "stale", same: "ageing", little: "unknown", baseline: "unknown", none: "unknown" } as const;

export function Scorecard({ state }: { state: State }) {
  const { scores, dataset, choice } = state, kind = choice.model === "" ? null : dataset?.kind;
  const shown = kind ? scoresOf(scores.points, kind.model, kind.horizon) : [];
  const instead = kind === null ? word("unchosen") : stateText("scores", scores.state === "ready" ? { state: "empty", detail: "" } : scores);
  const quote = dataset?.price.market?.quote ?? "";
  return (
    <section id="score" class="list" data-series="scores" data-items={shown.length}>
      <h2><span>{word("score")}</span></h2>
      <p class="state" role="status" hidden={shown.length > 0}>{shown.length > 0 ? "" : instead}</p>
      {shown.map((score, i) => (
        <details key={score.window} class="window" open={i === 0} data-comparison={comparisonOf(score)}>
          <summary>
            <span>{titleOf(score)}</span> <span class="badge" data-level={LEVELS[comparisonOf(score)]}>{word(COMPARISONS[comparisonOf(score)])}</span>
          </summary>
          {sentences(score, quote).map((sentence) => <p key={sentence}>{sentence}</p>)}
          {i === 0 && verdicts(score.distribution).map((verdict) => <p key={verdict} class="verdict">{verdict}</p>)}
          {kindOf(score) !== null && <p class="kind">{kindOf(score)}</p>}
          <OriginBadge origins={score.origins} />
        </details>
      ))}
    </section>
  );
}
