// The tables as /api/v1/etat describes them.

import type { LakeState, Loss } from "../api-types.ts";
import { formatAge, formatNumber, word } from "../words.ts";

export function Footer({ lake }: { lake: LakeState | null }) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <footer id="footer">
      <h2>{word("tables")}</h2>
      <Losses losses={lake?.losses ?? []} />
      <ul id="tables" class="tables">
        {lake?.tables.map((table) => (
          <li key={table.table} data-table={table.table} data-version={table.version}><b>{table.table}</b><span>{facts(table, lake)}</span></li>
        ))}
        {lake?.absentes.map((name) => <li key={name} class="absent"><b>{name}</b><span>{word("absent")}</span></li>)}
      </ul>
      <p class="links"><span id="zone">{word("zone", { zone })}</span> <a href="/api/v1/docs">API</a> <a href="/api/v1/schema">OpenAPI</a> <a href="/api/v1/etat">/api/v1/etat</a></p>
    </footer>
  );
}

function facts({ table, version, rows, freshness }: LakeState["tables"][number], { kafka }: LakeState): string {
  const entries = kafka.lag.filter((entry) => entry.table === table);
  const behind = entries.reduce((sum, { messages }) => sum + messages, 0);
  const lag = !kafka.known ? word("lagUnknown") : behind ? word("lag", { n: formatNumber(behind) }) : word("lagNone");
  const age = freshness.event_age_seconds === null ? null : word("lastEvent", { age: formatAge(freshness.event_age_seconds) });
  const isFed = entries.length > 0 || !kafka.known;
  const all = [word("version", { n: version }), word("rows", { n: formatNumber(rows) }), age, isFed ? lag : null];
  return all.filter((fact) => fact !== null).join(" · ");
}

/** A range is listed once, however many tables will never see it; nobody knows where an open one ends. */
function Losses({ losses }: { losses: readonly Loss[] }) {
  const ranges = new Set(
    losses.map(({ topic, kafka_partition: partition, from_offset: from, to_offset, cause, reason }) =>
      word("lossOf", { topic, partition, from, to: to_offset ?? "?", cause, reason }),
    ),
  );
  return (
    <div id="losses" class="losses" hidden={losses.length === 0}>
      <b>{word("losses", { n: formatNumber(ranges.size) })}</b>
      {[...ranges].map((text) => <span key={text}>{text}</span>)}
    </div>
  );
}
