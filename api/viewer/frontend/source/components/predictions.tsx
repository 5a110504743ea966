// The newest predictions, in words, beside what came of them.

import { isInside, type Forecast } from "../points.ts";
import { MINUTE } from "../times.ts";
import type { State } from "../viewer.ts";
import { formatAge, formatInterval, formatPrice, formatShare, word } from "../words.ts";
import { OriginBadge } from "./badges.tsx";
import { stateText } from "./states.ts";

const N_SHOWN = 12;
/** So long after its target a forecast without a price has none. */
const OUTCOME_MS = 2 * MINUTE;
const SIGNS = { within: "✓", outside: "✗", pending: "…", none: "·" } as const;

export function Predictions({ state }: { state: State }) {
  const { dataset, choice, now } = state;
  const isChosen = choice.model !== "";
  const points = isChosen ? (dataset?.forecasts.points ?? []) : [];
  const shown = [...points].sort((a, b) => b.madeTime - a.madeTime || b.time - a.time).slice(0, N_SHOWN);
  const instead = !isChosen ? word("unchosen") : dataset ? stateText("predictions", dataset.forecasts) : word("loading");
  return (
    <section class="list" data-series="predictions" data-items={shown.length}>
      <h2><span>{word("predictions")}</span></h2>
      <p class="state" role="status" hidden={shown.length > 0}>{shown.length > 0 ? "" : instead}</p>
      <ol tabIndex={0} aria-label={word("predictions")}>{shown.map((forecast) => <Item key={forecast.id} forecast={forecast} now={now} />)}</ol>
    </section>
  );
}

function Item({ forecast, now }: { forecast: Forecast; now: number }) {
  const { price, lower, upper, realised, model, horizon, madeTime, origin } = forecast;
  const result = resultOf(forecast, now), said = sentence(forecast);
  return (
    <li data-id={forecast.id}>
      <span class={`result ${result}`} aria-hidden="true">{SIGNS[result]}</span>
      <div>
        <span class="title"><b>{formatPrice(price)}</b>{lower !== null && upper !== null && ` [${formatPrice(lower)} – ${formatPrice(upper)}]`}</span>
        {said !== null && <p class="meta">{said}</p>}
        <p class="meta">{outcome(forecast, now)}{realised !== null && (result === "within" || result === "outside") && ` (${word(result)})`}</p>
        <p class="meta">{`${model} · ${formatInterval(horizon)} · ${word("madeAt", { age: formatAge((now - madeTime) / 1_000) })}`}<OriginBadge origins={[origin]} /></p>
      </div>
    </li>
  );
}

/** What the whole distribution says; null where the message had none. */
function sentence({ fan: [, , low, high], moves, horizon }: Forecast): string | null {
  if (low == null || high == null || moves === null) return null;
  return word("distribution", { horizon: formatInterval(horizon), low: formatPrice(low), high: formatPrice(high), share: formatShare(moves) });
}

function resultOf(forecast: Forecast, now: number): keyof typeof SIGNS {
  if (forecast.realised === null) return forecast.time > now - OUTCOME_MS ? "pending" : "none";
  const inside = isInside(forecast);
  return inside === null ? "none" : inside ? "within" : "outside";
}

function outcome({ realised, time }: Forecast, now: number): string {
  if (realised !== null) return word("outcome", { price: formatPrice(realised) });
  const due = word("due", { age: formatAge((now - time) / 1_000) });
  return now - time > OUTCOME_MS ? `${due} · ${word("unverified")}` : due;
}
