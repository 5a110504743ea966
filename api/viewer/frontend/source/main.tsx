// The page's beginning: reads the address, makes the viewer, draws each state.

import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import "../styles/page.css";
import { readAddress, readParameters, toAddress } from "./address.ts";
import { AnswerError } from "./answers.ts";
import { chosenAsset } from "./names.ts";
import { Page } from "./components/page.tsx";
import { linkOf, readShared } from "./saved-views.ts";
import type { Shared } from "./components/shared-view.tsx";
import { applyTheme, storedTheme } from "./theme-choice.ts";
import { SECOND } from "./times.ts";
import { Viewer, type State } from "./viewer.ts";
import { formatPrice, setLanguage } from "./words.ts";

const root = document.getElementById("page")!;
const liveUrl = document.querySelector<HTMLMetaElement>("meta[name=live-url]")?.content || null;

const link = linkOf(location.search);
let shared: Shared | null = null;

const viewer = new Viewer(readAddress(location.hash, navigator.language), liveUrl, show);

function show(state: State): void {
  const { choice, page, outage, isStreaming, dataset } = state;
  setLanguage(choice.language);
  render(<Page state={state} viewer={viewer} shared={shared} />, root);
  const last = dataset?.price.points.at(-1);
  const title = last && chosenAsset(state) ? `${dataset!.symbol.toUpperCase()} ${formatPrice(last.close)} · CRYPTO VIZ` : "CRYPTO VIZ";
  if (document.title !== title) document.title = title;
  const connection = outage.isOffline ? "offline" : choice.span !== null ? "held" : "live";
  describe({ state: page, connection, transport: isStreaming ? "streaming" : "polling" });
  if (document.documentElement.lang !== choice.language) document.documentElement.lang = choice.language;
}

/** Begins with the default view, and says so, where a link shares no view or the server does not answer. */
async function openShared(link: string): Promise<void> {
  try {
    const { name, parameters } = await readShared(link);
    const choice = readParameters(parameters, navigator.language);
    shared = { name, choice };
    viewer.choose(choice);
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    shared = { link, isGone: error.status === 404 };
    viewer.start();
  }
}

/** The document's own account of its state. An attribute that is written anew restyles the whole page, even where it is the same. */
function describe(attributes: Record<string, string>): void {
  const { dataset } = document.documentElement;
  for (const [name, value] of Object.entries(attributes)) if (dataset[name] !== value) dataset[name] = value;
}

applyTheme(storedTheme());
window.addEventListener("hashchange", () => {
  if (location.hash === toAddress(viewer.state.choice)) return;
  const choice = readAddress(location.hash, navigator.language);
  viewer.choose({ ...choice, symbol: choice.symbol ?? viewer.state.choice.symbol });
});
setInterval(() => show(viewer.state), SECOND); // ages and countdowns
if (link === null) viewer.start();
else {
  show(viewer.state);
  void openShared(link);
}
