// The whole page, from a state.

import { useRef, useState } from "preact/hooks";
import type { Stack } from "../charts/stack.ts";
import { readTheme } from "../charts/theme.ts";
import { assetName, chosenAsset, spanName } from "../names.ts";
import { toPng } from "../picture.ts";
import { within } from "../points.ts";
import { save } from "../save.ts";
import { applyTheme, storedTheme, type ThemeName } from "../theme-choice.ts";
import { lengthOf } from "../times.ts";
import type { State, Viewer } from "../viewer.ts";
import { formatPrice, formatSigned, formatTime, word } from "../words.ts";
import { OriginBadge } from "./badges.tsx";
import { Bar } from "./bar.tsx";
import { Charts } from "./charts.tsx";
import { Footer } from "./footer.tsx";
import { Matrix } from "./matrix.tsx";
import { Numbers } from "./numbers.tsx";
import { Predictions } from "./predictions.tsx";
import { Scorecard } from "./scorecard.tsx";
import { SharedNotice, type Shared } from "./shared-view.tsx";
import { Texts } from "./texts.tsx";
import { Whole } from "./whole.tsx";

export function Page({ state, viewer, shared }: { state: State; viewer: Viewer; shared: Shared | null }) {
  const stack = useRef<Stack | null>(null);
  const [theme, setTheme] = useState<ThemeName>(storedTheme);
  const hasCharts = state.page === "ready" || (state.page === "loading" && chosenAsset(state) !== null);
  const paint = (name: ThemeName) => {
    applyTheme(name);
    setTheme(name);
    stack.current?.repaint();
  };
  return (
    <>
      <a class="skip" href="#charts" onClick={(event) => {
        event.preventDefault();
        document.getElementById("charts")?.focus();
      }}>{word("skip")}</a>
      <Bar state={state} viewer={viewer} theme={theme} onTheme={paint} onPicture={() => takePicture(state, stack.current)} />
      {state.outage.isOffline && state.page !== "offline" && <p class="notice" role="alert">{word("offlineMore")}</p>}
      {shared && <SharedNotice shared={shared} choice={state.choice} />}
      {!hasCharts && <Whole state={state} viewer={viewer} />}
      {hasCharts && (
        <main id="main" aria-busy={state.page === "loading"}>
          <div class="charts-column">
            <Headline state={state} />
            <Charts state={state} viewer={viewer} stackOf={(made) => (stack.current = made)} />
            <Matrix state={state} />
            <Numbers state={state} />
          </div>
          <div class="lists">
            <Scorecard state={state} />
            <Texts state={state} viewer={viewer} />
            <Predictions state={state} />
          </div>
        </main>
      )}
      <Footer lake={state.lake} />
    </>
  );
}

function Headline({ state }: { state: State }) {
  const { dataset, span } = state, asset = chosenAsset(state);
  if (asset === null) return null;
  const points = span && dataset ? within(dataset.price.points, span.from - 1, span.to) : [];
  const first = points[0], last = points.at(-1), unit = (dataset?.price.market?.quote ?? "").toUpperCase();
  const change = first && last ? (100 * (last.close - first.open)) / first.open : 0;
  // A change is over the range only where the prices begin with it.
  const isWhole = first && span && first.time < span.from + 0.03 * lengthOf(span);
  const whole = state.choice.span === null ? spanName(state) : word("inView");
  const since = isWhole ? whole : first ? word("since", { time: formatTime(first.time, "short") }) : "";
  return (
    <div class="headline">
      <h1 id="name">{assetName(asset)}</h1>
      <p id="last" class="last">{last ? `${formatPrice(last.close)} ${unit}` : ""}</p>
      <p id="change" class="change" data-sign={change >= 0 ? "up" : "down"}>{last ? `${change >= 0 ? "▲" : "▼"} ${formatSigned(change, 2)} % ${since}` : ""}</p>
      <OriginBadge origins={asset.origins} isSmall={false} id="generated" />
    </div>
  );
}

async function takePicture(state: State, stack: Stack | null): Promise<void> {
  const asset = chosenAsset(state), { span } = state;
  if (stack === null || asset === null || span === null) return;
  const caption = {
    title: word("pictureTitle", { name: assetName(asset), span: `${formatTime(span.from, "short")} – ${formatTime(span.to, "short")}` }),
    origin: asset.origins.includes("generated") ? word("generated") : "",
    foot: word("pictureFrom", { time: formatTime(state.now) }),
    panels: { price: word("price"), sentiment: word("sentiment"), counts: word("counts"), heat: word("heat") },
  };
  const blob = await toPng(stack.canvases, caption, readTheme(document.getElementById("charts")!));
  save(blob, `${asset.symbol}-${new Date(span.from).toISOString().slice(0, 10)}.png`);
}
