// What is known of one cell of the scorecard: its verdicts, and stated probabilities beside what happened.

import { useState } from "preact/hooks";
import type { DistributionScore, EventScore } from "../api-types.ts";
import { axisOf } from "../score-matrix.ts";
import { verdicts } from "../scorecard.ts";
import { formatInterval, formatNumber, formatShare, formatTime, word } from "../words.ts";

/** Pixels of the drawing, and of the square that both axes span. */
const WIDTH = 340, HEIGHT = 300, LEFT = 56, TOP = 14, SIDE = 240;
const LEAST_RADIUS = 3, MORE_RADIUS = 6;
const USUAL_MOVE = 0.01;

export function Reliability({ score, onClose }: { score: DistributionScore; onClose: () => void }) {
  const { model, horizon, coverage, events, n, n_apart: free, since } = score;
  const [chosen, choose] = useState(USUAL_MOVE);
  const event = events.find(({ move }) => move === chosen) ?? events[0];
  return (
    <section class="detail" aria-labelledby="detail-name" data-model={model} data-horizon={horizon}>
      <h3><span id="detail-name">{`${model}, ${word("aheadBy", { horizon: formatInterval(horizon) })}`}</span><button type="button" class="small" onClick={onClose}>{word("closeDetail")}</button></h3>
      {verdicts(score).map((verdict) => <p key={verdict}>{verdict}</p>)}
      {coverage !== null && <p>{word("matrixCoverage", { nominal: formatShare(coverage.nominal), share: percent(coverage.share), low: percent(coverage.low), high: percent(coverage.high) })}</p>}
      <p>{word("matrixFrom", { n: formatNumber(n), since: formatTime(Date.parse(since)), free: formatNumber(free) })}</p>
      {coverage !== null && <h3>{word("reliability")}</h3>}
      {event === undefined ? coverage !== null && <p>{word("eventNone")}</p> : (
        <>
          <MovePicker events={events} chosen={event.move} onChoose={choose} />
          <p>{sentence(event)}</p>
          <figure>
            <Curve event={event} />
            <Table event={event} />
            <figcaption class="note">{word("curveHelp")}</figcaption>
          </figure>
        </>
      )}
    </section>
  );
}

function MovePicker({ events, chosen, onChoose }: { events: readonly EventScore[]; chosen: number; onChoose: (move: number) => void }) {
  return (
    <fieldset class="moves">
      <legend>{word("eventMove")}</legend>
      <div class="ranges">
        {events.map(({ move }) => (
          <label key={move}>
            <input type="radio" name="move" value={move} checked={move === chosen} onClick={() => onChoose(move)} />
            <span>{`${sizeOf(move)} %`}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** Drawn as SVG and not on a canvas, so that colours follow the theme and a screen reader finds it. */
function Curve({ event }: { event: EventScore }) {
  const { end, ticks } = axisOf(event), most = Math.max(...event.reliability.map(({ n }) => n));
  const x = (share: number) => LEFT + (SIDE * share) / end, y = (share: number) => TOP + SIDE - (SIDE * share) / end;
  const label = (share: number) => `${formatNumber(100 * share, end < 0.05 ? 1 : 0)} %`;
  return (
    <svg class="curve" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={spoken(event)}>
      {ticks.map((tick) => (
        <g key={tick}>
          <path class="grid" d={`M${x(tick)} ${TOP}V${TOP + SIDE}M${LEFT} ${y(tick)}H${LEFT + SIDE}`} />
          <text x={x(tick)} y={TOP + SIDE + 16} text-anchor="middle">{label(tick)}</text>
          {tick > 0 && <text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">{label(tick)}</text>}
        </g>
      ))}
      <path class="diagonal" d={`M${x(0)} ${y(0)}L${x(end)} ${y(end)}`} />
      <path class="path" d={event.reliability.map(({ stated, happened }, i) => `${i === 0 ? "M" : "L"}${x(stated)} ${y(happened)}`).join("")} />
      {event.reliability.map(({ stated, happened, n }) => {
        const radius = LEAST_RADIUS + MORE_RADIUS * Math.sqrt(n / most);
        return <circle key={stated} cx={x(stated)} cy={y(happened)} r={radius} data-n={n} />;
      })}
      <text x={LEFT + SIDE / 2} y={HEIGHT - 6} text-anchor="middle">{word("stated")}</text>
      <text transform={`rotate(-90 12 ${TOP + SIDE / 2})`} x={12} y={TOP + SIDE / 2} text-anchor="middle">{word("happened")}</text>
    </svg>
  );
}

function Table({ event: { reliability } }: { event: EventScore }) {
  return (
    <table aria-label={word("reliability")}>
      <thead><tr>{(["stated", "happened", "nOutcomes"] as const).map((key) => <th key={key} scope="col">{word(key)}</th>)}</tr></thead>
      <tbody>
        {reliability.map(({ stated, happened, n }) => <tr key={stated}><th scope="row">{`${percent(stated)} %`}</th><td>{`${percent(happened)} %`}</td><td>{formatNumber(n)}</td></tr>)}
      </tbody>
    </table>
  );
}

function sentence({ move, base_rate: base, brier_skill: skill, p_value: p, calibration_error: error }: EventScore): string {
  return word("eventSkill", {
    move: sizeOf(move), base: percent(base), size: word(skill >= 0 ? "brierLower" : "brierHigher", { share: percent(Math.abs(skill)) }),
    p: p === null ? word("noTest") : p < 0.001 ? "p < 0.001" : `p = ${formatNumber(p, 3)}`, error: percent(error),
  });
}

function spoken({ reliability }: EventScore): string {
  const points = reliability.map(({ stated, happened, n }) => word("curvePoint", { stated: percent(stated), happened: percent(happened), n: formatNumber(n) }));
  return word("curve", { points: points.join("; ") });
}

function percent(share: number): string {
  return formatNumber(100 * share, 1);
}

/** Half a percent has a decimal, whole ones have none. */
function sizeOf(move: number): string {
  return formatNumber(100 * move, Number.isInteger(Math.round(1_000 * move) / 10) ? 0 : 1);
}
