// Small signs: where numbers come from, how fresh they are, whether the server answers.

import { ageSeconds, type Part } from "../part.ts";
import { isPaused } from "../names.ts";
import type { State } from "../viewer.ts";
import { formatAge, formatNumber, word, type Key } from "../words.ts";

export function OriginBadge({ origins, isSmall = true, id }: { origins: ReadonlySet<string> | readonly string[]; isSmall?: boolean; id?: string }) {
  const found = new Set(origins);
  const size = isSmall ? "small" : "";
  return (
    <>
      {found.has("generated") && (
        <span id={id} class={`badge origin ${size}`} title={word("generatedWhy")}>{word(isSmall ? "generatedShort" : "generated")}</span>
      )}
      {found.has("replay") && <span class={`badge origin ${size}`} title={word("replayWhy")}>{word("replay")}</span>}
    </>
  );
}

/** Seconds after which a table is slow, and stale: prices come every moment, predictions at marks of minutes. */
const LIMITS = { price: [30, 120], sentiment: [300, 1_800], forecasts: [900, 3_600] } as const;
const LEVELS = ["fresh", "ageing", "stale"] as const;
const NAMES = { price: "price", sentiment: "sentiment", forecasts: "prediction" } as const satisfies Record<keyof typeof LIMITS, Key>;

/** The worst of the tables that are read, by the newest event of each. */
export function FreshnessBadge({ state }: { state: State }) {
  const { dataset } = state;
  if (dataset === null) return <span id="freshness" hidden />;
  const judged = (Object.keys(LIMITS) as (keyof typeof LIMITS)[]).flatMap((name) => {
    const seconds = ageSeconds(dataset[name]);
    return seconds === null ? [] : [{ name, seconds, level: LIMITS[name].filter((limit) => seconds > limit).length }];
  });
  const worst = [...judged].sort((a, b) => b.level - a.level)[0];
  const level = worst ? LEVELS[worst.level]! : "unknown";
  const text = worst && level !== "unknown" ? word(level, { what: word(NAMES[worst.name]), age: formatAge(worst.seconds) }) : word("noAge");
  const all = judged.map(({ name, seconds }) => `${word(NAMES[name])}: ${formatAge(seconds)}`).join("\n");
  return <span id="freshness" class="badge" data-level={level} title={all}>{text}</span>;
}

export function AgeOf({ part }: { part: Part<unknown> }) {
  const seconds = ageSeconds(part);
  return <span class="age">{seconds === null ? "" : formatAge(seconds)}</span>;
}

/** Offline, paused with what has come meanwhile, looking back, or how live numbers arrive. */
export function ConnectionBadge({ state }: { state: State }) {
  const { outage, hold, choice } = state;
  if (outage.isOffline) {
    const seconds = outage.retryTime === null ? 0 : Math.ceil((outage.retryTime - Date.now()) / 1_000);
    return <span id="connection" class="badge" role="status" data-level="stale">{seconds > 0 ? word("offlineIn", { n: seconds }) : word("offline")}</span>;
  }
  if (choice.span !== null) {
    return (
      <span id="connection" class="badge" role="status" data-level="ageing">
        {word(isPaused(state) ? "paused" : "travelling")}
        {hold?.nNew != null && <> · <span id="new-points">{newPoints(hold.nNew)}</span></>}
      </span>
    );
  }
  return <span id="connection" class="badge quiet" role="status">{word(state.isStreaming ? "streaming" : "polling")}</span>;
}

function newPoints(n: number): string {
  return n === 0 ? word("newNone") : n === 1 ? word("newPoint") : word("newPoints", { n: formatNumber(n) });
}
