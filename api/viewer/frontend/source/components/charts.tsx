// The charts' frame: names, legends, states, tools, keys. What is drawn is the stack's.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { sentimentAt } from "../charts/readout.ts";
import { PANELS, type PanelName } from "../charts/panels.ts";
import { Stack } from "../charts/stack.ts";
import { assetName, chosenAsset, spanName } from "../names.ts";
import { UNREAD, type Part } from "../part.ts";
import { isInside, originsOf, within } from "../points.ts";
import { moved, scaled } from "../times.ts";
import type { State, Viewer } from "../viewer.ts";
import { formatInterval, formatNumber, formatPrice, formatScore, formatShare, formatTime, word, type Key } from "../words.ts";
import { AgeOf, ConnectionBadge, FreshnessBadge, OriginBadge } from "./badges.tsx";
import { DetailPicker } from "./bar.tsx";
import { stateText } from "./states.ts";

interface Properties {
  readonly state: State;
  readonly viewer: Viewer;
  readonly stackOf: (stack: Stack | null) => void;
}

export function Charts({ state, viewer, stackOf }: Properties) {
  const root = useRef<HTMLDivElement>(null), spoken = useRef<HTMLParagraphElement>(null);
  const stack = useRef<Stack | null>(null), newest = useRef(state);
  newest.current = state;
  useEffect(() => {
    const made = new Stack(root.current!, newest.current, {
      onSpan: (span) => viewer.look(span),
      onChoose: (panel, time, row) => choose(newest.current, viewer, panel, time, row),
      onRead: (text) => {
        if (spoken.current && spoken.current.textContent !== text) spoken.current.textContent = text;
      },
    });
    stack.current = made;
    stackOf(made);
    return () => {
      stackOf(null);
      made.close();
    };
  }, []);
  useEffect(() => stack.current?.show(state), [state.dataset, state.heat, state.span, state.choice.at, state.choice.language, state.now]);
  return (
    <div class="charts-frame">
      <Tools state={state} viewer={viewer} />
      <div id="charts" class="charts" ref={root} tabIndex={0} role="group" aria-label={summary(state)} aria-describedby="keys"
        onKeyDown={(event) => onKey(event, newest.current, viewer, stack.current)}
        onBlur={() => stack.current?.moveCursor(null)}>
        {PANELS.map((name) => <Panel key={name} name={name} state={state} />)}
      </div>
      <p id="keys" class="keys"><span class="for-mouse">{word("keys")}</span><span class="for-touch">{word("keysTouch")}</span></p>
      <p class="hidden" id="readout" aria-live="polite" ref={spoken} />
    </div>
  );
}

function Tools({ state, viewer }: { state: State; viewer: Viewer }) {
  const { span, choice } = state;
  if (span === null) return null;
  const half = (span.to - span.from) / 2;
  const tool = (id: string, sign: string, key: Key, shortcut: string, act: () => void) => (
    <button id={id} type="button" class="icon" title={word(key)} aria-label={word(key)} aria-keyshortcuts={shortcut} onClick={act}><span aria-hidden="true">{sign}</span></button>
  );
  return (
    <div class="tools">
      {tool("earlier", "←", "earlier", "PageUp", () => viewer.look(moved(span, -half)))}
      {tool("later", "→", "later", "PageDown", () => viewer.look(moved(span, half)))}
      {tool("zoom-in", "+", "zoomIn", "+", () => viewer.look(scaled(span, 0.5)))}
      {tool("zoom-out", "−", "zoomOut", "-", () => viewer.look(scaled(span, 2)))}
      <DetailPicker detail={choice.detail} onChoose={(detail) => viewer.choose({ detail })} />
      <span id="span" class="span" data-live={choice.span === null}>{`${formatTime(span.from, "short")} – ${formatTime(span.to, "short")}`}</span>
      <p class="health"><FreshnessBadge state={state} /> <ConnectionBadge state={state} /></p>
    </div>
  );
}

const KEPT = new Set(["price", "sentiment", "counts"]);

function Panel({ name, state }: { name: PanelName; state: State }) {
  const { dataset, heat } = state;
  const part: Part<unknown> = name === "heat" ? UNREAD : name === "price" ? (dataset?.price ?? UNREAD) : (dataset?.sentiment ?? UNREAD);
  const hasPoints = name === "heat" ? heat.state === "ready" : part.points.length > 0 || (name === "price" && (dataset?.forecasts.points.length ?? 0) > 0);
  const shown = name === "heat" ? heat : part;
  const height = name === "heat" ? { height: `${Math.max(2, heat.rows.length) * 22 + 34}px` } : {};
  return (
    <section class={`panel ${name}`} data-series={name} data-state={hasPoints ? "ready" : shown.state} aria-label={word(name)}>
      <h2>
        <span class="name">{word(name)}</span>
        <Legend name={name} state={state} />
        <OriginBadge origins={originsIn(name, state)} />
        {KEPT.has(name) && name !== "counts" && <AgeOf part={part} />}
      </h2>
      <div class="plot" style={height}>
        <div class="mount" aria-hidden="true" />
        <div class="overlay" aria-hidden="true" />
        <p class="state" role="status">{hasPoints ? "" : stateText(name, shown)}</p>
      </div>
      {name === "price" && <Held state={state} />}
    </section>
  );
}

function originsIn(name: PanelName, { dataset, heat }: State): Set<string> {
  if (name === "heat") return new Set(heat.rows.flatMap(({ buckets }) => [...originsOf(buckets)]));
  if (dataset === null) return new Set();
  return name === "price" ? originsOf([...dataset.price.points, ...dataset.forecasts.points]) : originsOf(dataset.sentiment.points);
}

function Legend({ name, state: { dataset, heat } }: { name: PanelName; state: State }) {
  const item = (swatch: string, text: string) => <li key={text}><i class={`swatch ${swatch}`} aria-hidden="true" />{text}</li>;
  const items: ComponentChildren[] = [];
  if (name === "heat") {
    items.push(<li key="scale"><span>{word("labelNegative")}</span><i class="heat-scale" aria-hidden="true" /><span>{word("labelPositive")}</span></li>, item("blank", word("noText")), item("none", word("per", { interval: formatInterval(heat.interval) })));
  } else if (dataset !== null) {
    const { kind, intervals, price, forecasts } = dataset;
    if (name === "price") {
      items.push(item("price", (price.market?.quote ?? "").toUpperCase()));
      if (kind && forecasts.points.length > 0) {
        items.push(item("predicted", `${kind.model} · ${formatInterval(kind.horizon)}`), item("band", word(forecasts.points.some(({ moves }) => moves !== null) ? "fan" : "interval")), item("missed", word("missed")));
      }
    } else if (name === "sentiment") items.push(item("mean", word("mean")), item("spread", word("spread")));
    else items.push(...(["positive", "neutral", "negative"] as const).map((key) => item(key, word(key))));
    items.push(item("none", word("per", { interval: formatInterval(name === "price" ? intervals.price : intervals.sentiment) })));
  }
  return <ul class="legend">{items}</ul>;
}

/** Coverage of the interval in the shown span, and a note where predictions are left out. */
function Held({ state: { dataset, span, choice } }: { state: State }) {
  if (dataset === null || span === null || choice.model === "" || dataset.kind === null) return null;
  const { points, cutTime } = dataset.forecasts;
  const settled = within(points, span.from, span.to).map(isInside).filter((inside) => inside !== null);
  const n = settled.length, share = settled.filter(Boolean).length / n;
  return (
    <>
      <p id="held" class="note">{n === 0 ? word("heldNone") : word("held", { n: formatNumber(n), share: formatShare(share) })}</p>
      {cutTime !== null && <p class="note warn">{word("cut", { time: formatTime(cutTime) })}</p>}
    </>
  );
}

/** The charts in one sentence, for those who do not see them. */
function summary(state: State): string {
  const { dataset } = state, asset = chosenAsset(state);
  if (dataset === null || asset === null) return word("loading");
  const last = dataset.price.points.at(-1), buckets = dataset.sentiment.points;
  const n = buckets.reduce((sum, { count }) => sum + count, 0);
  const mean = buckets.reduce((sum, bucket) => sum + bucket.count * bucket.mean, 0) / n;
  return word("charts", {
    name: assetName(asset), span: spanName(state), n: formatNumber(n),
    price: last ? formatPrice(last.close) : word("none"), sentiment: n > 0 ? formatScore(mean) : word("none"),
  });
}

function choose(state: State, viewer: Viewer, panel: PanelName, time: number, row: number | null): void {
  if (panel === "heat") {
    const symbol = state.heat.rows[row ?? -1]?.asset.symbol;
    if (symbol === undefined) return;
    if (symbol !== state.choice.symbol) viewer.choose({ symbol, at: null });
    else viewer.openTexts(sentimentAt(state, time)?.time ?? null);
  } else if (panel !== "price") {
    const bucket = sentimentAt(state, time);
    if (bucket) viewer.openTexts(bucket.time === state.choice.at ? null : bucket.time);
  }
}

function onKey(event: KeyboardEvent, state: State, viewer: Viewer, stack: Stack | null): void {
  const { span, choice, dataset } = state;
  if (stack === null || span === null || dataset === null || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = event.shiftKey ? 10 : 1, half = (span.to - span.from) / 2, at = stack.cursorTime;
  const acts: Record<string, () => void> = {
    ArrowLeft: () => stack.moveCursor("left", step),
    ArrowRight: () => stack.moveCursor("right", step),
    Home: () => stack.moveCursor("from"),
    End: () => stack.moveCursor("to"),
    Escape: () => (choice.at === null ? stack.moveCursor(null) : viewer.openTexts(null)),
    Enter: () => {
      const bucket = at === null ? null : sentimentAt(state, at);
      if (bucket) viewer.openTexts(bucket.time);
    },
    PageUp: () => viewer.look(moved(span, -half)),
    PageDown: () => viewer.look(moved(span, half)),
    "+": () => viewer.look(scaled(span, 0.5, at ?? undefined)),
    "=": () => viewer.look(scaled(span, 0.5, at ?? undefined)),
    "-": () => viewer.look(scaled(span, 2, at ?? undefined)),
    " ": () => (choice.span === null ? viewer.pause() : viewer.goLive()),
    l: () => viewer.goLive(),
    L: () => viewer.goLive(),
  };
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

