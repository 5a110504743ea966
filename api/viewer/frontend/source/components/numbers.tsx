// The charts as a table, for those who would rather read than look.

import { useState } from "preact/hooks";
import { bucketAt, nearest, within } from "../points.ts";
import { WIDTHS } from "../times.ts";
import type { State } from "../viewer.ts";
import { formatNumber, formatPrice, formatScore, formatTime, word } from "../words.ts";

const MOST_ROWS = 60;

export function Numbers({ state }: { state: State }) {
  const [isOpen, open] = useState(false);
  return (
    <details id="numbers" class="numbers" onToggle={({ currentTarget }) => open(currentTarget.open)}>
      <summary>{word("table")}</summary>
      {isOpen && <Table state={state} />}
    </details>
  );
}

function Table({ state: { dataset, span } }: { state: State }) {
  if (dataset === null || span === null) return null;
  const width = WIDTHS[dataset.intervals.sentiment], priceWidth = WIDTHS[dataset.intervals.price];
  const all = within(dataset.price.points, span.from, span.to);
  const every = Math.max(1, Math.ceil(all.length / MOST_ROWS));
  const rows = all.filter((_, i) => (all.length - 1 - i) % every === 0).reverse();
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={word("table")}>
      <table>
        <thead><tr>{[word("tableTime"), word("price"), word("forecastShort"), word("mean"), word("counts")].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
        <tbody>
          {rows.map((bucket) => {
            const end = bucket.time + priceWidth;
            const forecast = nearest(dataset.forecasts.points, end, priceWidth), texts = bucketAt(dataset.sentiment.points, bucket.time, width);
            return (
              <tr key={bucket.time}>
                <th scope="row">{formatTime(bucket.time)}</th>
                <td>{formatPrice(bucket.close)}</td>
                <td>{forecast ? formatPrice(forecast.price) : "–"}</td>
                <td>{texts ? formatScore(texts.mean) : "–"}</td>
                <td>{texts ? formatNumber(texts.count) : "–"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <p class="note">{word("tableMore", { n: formatNumber(rows.length), all: formatNumber(all.length) })}</p>
    </div>
  );
}
