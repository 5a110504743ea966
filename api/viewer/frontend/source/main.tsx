// The page's beginning: reads the address, makes the viewer, draws each state.

import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import "../styles/page.css";
import { readAddress, toAddress } from "./address.ts";
import { chosenAsset } from "./names.ts";
import { Page } from "./components/page.tsx";
import { applyTheme, storedTheme } from "./theme-choice.ts";
import { SECOND } from "./times.ts";
import { Viewer, type State } from "./viewer.ts";
import { formatPrice, setLanguage } from "./words.ts";

const root = document.getElementById("page")!;
const liveUrl = document.querySelector<HTMLMetaElement>("meta[name=live-url]")?.content || null;

const viewer = new Viewer(readAddress(location.hash, navigator.language), liveUrl, show);

function show(state: State): void {
  const { choice, page, outage, isStreaming, dataset } = state;
  setLanguage(choice.language);
  render(<Page state={state} viewer={viewer} />, root);
  const last = dataset?.price.points.at(-1);
  document.title = last && chosenAsset(state) ? `${dataset!.symbol.toUpperCase()} ${formatPrice(last.close)} · CRYPTO VIZ` : "CRYPTO VIZ";
  const connection = outage.isOffline ? "offline" : choice.span !== null ? "held" : "live";
  Object.assign(document.documentElement.dataset, { state: page, connection, transport: isStreaming ? "streaming" : "polling" });
  document.documentElement.lang = choice.language;
}

applyTheme(storedTheme());
window.addEventListener("hashchange", () => {
  if (location.hash === toAddress(viewer.state.choice)) return;
  const choice = readAddress(location.hash, navigator.language);
  viewer.choose({ ...choice, symbol: choice.symbol ?? viewer.state.choice.symbol });
});
setInterval(() => show(viewer.state), SECOND); // ages and countdowns
viewer.start();
