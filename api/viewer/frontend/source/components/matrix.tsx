// The scorecard as a matrix: a cell for each model and horizon, which unfolds what its probabilities were worth.

import { useRef, useState } from "preact/hooks";
import type { DistributionScore } from "../api-types.ts";
import { besides, matrixOf, outcomeOf, type Outcome } from "../score-matrix.ts";
import { kindOf } from "../scorecard.ts";
import type { State } from "../viewer.ts";
import { formatInterval, formatNumber, formatShare, formatSigned, word, type Key } from "../words.ts";
import { OriginBadge } from "./badges.tsx";
import { Reliability } from "./reliability.tsx";
import { stateText } from "./states.ts";

const OUTCOMES = {
  better: "cellBetter", some: "cellSome", worse: "cellWorse", undecided: "cellUndecided", little: "cellLittle",
} as const satisfies Record<Outcome, Key>;
const SIGNS = { better: "●", some: "◐", worse: "▲", undecided: "◆", little: "○" } as const satisfies Record<Outcome, string>;
const BESIDE: Readonly<Record<string, Key>> = { "constant-volatility": "besideConstant", ewma: "besideEwma", "random-walk": "besideWalk" };
const DETAIL = "matrix-detail";

export function Matrix({ state: { scores } }: { state: State }) {
  const root = useRef<HTMLElement>(null), [open, setOpen] = useState<string | null>(null);
  const { horizons, rows } = matrixOf(scores.distributions);
  const cells = rows.flatMap((row) => row.cells).filter((cell) => cell !== null);
  const shown = cells.find((cell) => nameOf(cell) === open), first = cells[0];
  const close = () => {
    root.current?.querySelector<HTMLElement>("button[aria-expanded=true]")?.focus();
    setOpen(null);
  };
  const instead = stateText("scores", scores.state === "ready" ? { state: "empty", detail: "" } : scores);
  return (
    <section id="matrix" class="matrix" ref={root} data-items={cells.length} aria-labelledby="matrix-name" onKeyDown={({ key }) => key === "Escape" && close()}>
      <h2><span id="matrix-name">{word("matrix")}</span>{first && <OriginBadge origins={originsOf(first)} />}</h2>
      {first === undefined ? <p class="state" role="status">{instead}</p> : (
        <>
          <p class="note">{word("matrixWhy")}</p>
          {kindOf(first) !== null && <p class="note">{kindOf(first)}</p>}
          <table aria-labelledby="matrix-name">
            <thead><tr>{horizons.map((horizon) => <th key={horizon} scope="col">{word("aheadBy", { horizon: formatInterval(horizon) })}</th>)}</tr></thead>
            {rows.map(({ model, cells: ofModel }) => (
              <tbody key={model}>
                <tr><th scope="rowgroup" colSpan={horizons.length}>{model}</th></tr>
                <tr>{ofModel.map((cell, i) => <Cell key={horizons[i]} score={cell} isOpen={cell !== null && cell === shown} onOpen={setOpen} />)}</tr>
              </tbody>
            ))}
          </table>
          <p class="note">{word("skillHelp")}</p>
        </>
      )}
      <div id={DETAIL}>{shown && <Reliability key={open} score={shown} onClose={close} />}</div>
    </section>
  );
}

function Cell({ score, isOpen, onOpen }: { score: DistributionScore | null; isOpen: boolean; onOpen: (name: string | null) => void }) {
  if (score === null) return <td class="absent">–</td>;
  const outcome = outcomeOf(score), { coverage } = score;
  const line = (name: string, value: string) => <span key={name} class="line"><span>{name}</span> <b>{value}</b></span>;
  return (
    <td data-outcome={outcome} data-model={score.model} data-horizon={score.horizon}>
      <button type="button" aria-expanded={isOpen} aria-controls={DETAIL} onClick={() => onOpen(isOpen ? null : nameOf(score))}>
        <span class="hidden">{word("cellOf", { model: score.model, horizon: formatInterval(score.horizon) })}</span>
        <span class="outcome"><span aria-hidden="true">{SIGNS[outcome]}</span> {word(OUTCOMES[outcome])}</span>
        {besides(score).map(({ reference, skill }) => line(word(BESIDE[reference]!), skill === null ? "–" : `${formatSigned(100 * skill, 1)} %`))}
        {coverage !== null && line(word("cellCoverage", { nominal: formatShare(coverage.nominal) }), `${formatNumber(100 * coverage.share, 1)} %`)}
      </button>
    </td>
  );
}

function nameOf({ model, horizon }: DistributionScore): string {
  return `${model} ${horizon}`;
}

function originsOf({ data, timeliness }: DistributionScore): string[] {
  return [...(data === "generated" ? ["generated"] : []), ...(timeliness === "replay" ? ["replay"] : [])];
}
