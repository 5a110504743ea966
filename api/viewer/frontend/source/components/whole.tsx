// Page states in place of the charts: no data yet, unknown asset, no server.

import { assetName } from "../names.ts";
import type { State, Viewer } from "../viewer.ts";
import { word } from "../words.ts";

export function Whole({ state: { page, choice, assets }, viewer }: { state: State; viewer: Viewer }) {
  const kind = page === "ready" ? "loading" : page;
  const more = { loading: null, unknown: word("unknownMore"), waiting: word("waitingMore"), offline: word("offlineNone") }[kind];
  return (
    <main>
      <section id="whole" class="whole" role="status">
        <p class="what">{word(kind, { symbol: choice.symbol ?? "" })}</p>
        {more && <p>{more}</p>}
        {kind === "offline" && <p class="buttons"><button type="button" onClick={() => viewer.retry()}>{word("retry")}</button></p>}
        {kind === "unknown" && (
          <p class="buttons">{assets.map((asset) => <button key={asset.symbol} type="button" onClick={() => viewer.choose({ symbol: asset.symbol })}>{assetName(asset)}</button>)}</p>
        )}
      </section>
    </main>
  );
}
