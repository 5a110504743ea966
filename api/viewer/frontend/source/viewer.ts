// The page's state and what moves it: what was chosen is read again and again, and shown.

import type { Asset, AssetList, ForecastRow, LakeState, PriceRow, TextRow, Vector } from "./api-types.ts";
import { toAddress, type Choice } from "./address.ts";
import { AnswerError, ask, serverNow } from "./answers.ts";
import { LiveSocket, type Channel } from "./live-socket.ts";
import type { Part } from "./part.ts";
import type { Text } from "./points.ts";
import { Poller, type Outage } from "./poller.ts";
import { Reading, type Dataset, type ForecastKind } from "./reading.ts";
import { NO_HEAT, NO_SCORES, NO_TEXTS, Newcomers, readAssets, readHeat, readScores, readTexts, type Heat, type Scores } from "./side-readings.ts";
import { MINUTE, SECOND, WIDTHS, floorTo, type Span } from "./times.ts";

const LISTING_MS = 10 * SECOND;
const WHOLE_MS = 2 * MINUTE;
const AWAY_MS = 30 * SECOND;
const HEAT_MS = 30 * SECOND;
const SCORES_MS = MINUTE;
/** While the WebSocket brings rows, the history only confirms them. */
const CONFIRM_MS = 10 * SECOND;
const OUTCOMES_EVERY = 5;
const FIRST_SYMBOL = "btc";

const LIVE_PARTS = { prix: "price", sentiment: "sentiment", prediction: "forecasts" } as const;

export type PageState = "loading" | "ready" | "waiting" | "unknown" | "offline";

/** State of the page. Immutable; `hold` is set while the view is not live. */
export interface State {
  readonly page: PageState;
  readonly choice: Choice;
  readonly assets: readonly Asset[];
  readonly lake: LakeState | null;
  readonly dataset: Dataset | null;
  readonly kinds: readonly ForecastKind[];
  readonly span: Span | null;
  /** Now by the server's clock, or when the view was held. */
  readonly now: number;
  readonly hold: { readonly sinceTime: number; readonly nNew: number | null } | null;
  readonly outage: Outage;
  readonly isStreaming: boolean;
  readonly texts: Part<Text>;
  readonly scores: Scores;
  readonly heat: Heat;
}

export class Viewer {
  state: State;
  readonly #show: (state: State) => void;
  readonly #poller: Poller;
  readonly #socket: LiveSocket | null;
  #reading: Reading | null = null;
  #newcomers: Newcomers | null = null;
  #times = { listing: -Infinity, whole: -Infinity, tail: -Infinity, asked: -Infinity, heat: -Infinity, scores: -Infinity };
  #textsOf = "";
  #sidesOf: Reading | null = null;
  #nTails = 0;
  #isFrameAsked = false;
  #isListed = false;

  constructor(choice: Choice, liveUrl: string | null, show: (state: State) => void) {
    this.#show = show;
    this.state = {
      page: "loading", choice, assets: [], lake: null, dataset: null, kinds: [], span: choice.span, now: serverNow(),
      hold: null, outage: { isOffline: false, retryTime: null }, isStreaming: false,
      texts: NO_TEXTS, scores: NO_SCORES, heat: NO_HEAT,
    };
    this.#poller = new Poller(() => this.#readNewest(), (outage) => this.#set({ outage }));
    this.#socket = liveUrl === null ? null : new LiveSocket(liveUrl, {
      onUpdate: (channel, position, row) => this.#takeLive(channel, position, row),
      onGap: () => this.#rereadWhole(),
      onStreaming: (isStreaming) => this.#set({ isStreaming }),
    });
  }

  start(): void {
    this.#set({});
    void this.#poller.now();
  }

  /** Another asset, range, prediction, detail or span; a span holds the view, none lets it go live. */
  choose(changed: Partial<Choice>): void {
    const before = this.state.choice;
    const choice = { ...before, ...changed };
    const isOther = choice.symbol !== before.symbol;
    this.#leaveReading();
    const forgotten = isOther ? { dataset: null, texts: NO_TEXTS, scores: NO_SCORES, kinds: [] } : {};
    this.#times = { ...this.#times, heat: -Infinity, scores: isOther ? -Infinity : this.#times.scores };
    this.#textsOf = "";
    if (choice.span === null) this.#newcomers = null;
    const hold = choice.span === null ? null : isOther ? { sinceTime: serverNow(), nNew: null } : this.state.hold;
    if (isOther) this.#newcomers = null;
    this.#set({ choice, hold, span: choice.span ?? this.state.span, ...forgotten });
    void this.#poller.now();
  }

  /** Holds still what is seen, and counts what comes. */
  pause(): void {
    const { choice, span } = this.state;
    if (choice.span !== null || span === null || this.#reading === null) return;
    this.#holdFrom(this.#reading);
    this.#socket?.leave();
    this.#set({ choice: { ...choice, span } });
    void this.#poller.now();
  }

  goLive(): void {
    this.choose({ span: null, at: null });
  }

  /** Looks at this span, and not live. */
  look(span: Span): void {
    if (this.#reading && this.state.choice.span === null) this.#holdFrom(this.#reading);
    this.choose({ span });
  }

  /** Opens the texts of the bucket at an instant; null goes back to the newest. */
  openTexts(at: number | null): void {
    this.#set({ choice: { ...this.state.choice, at }, texts: NO_TEXTS });
    this.#textsOf = "";
    void this.#readTextsIfDue().catch(() => {}); // it was left for another question
  }

  speak(language: Choice["language"]): void {
    this.#set({ choice: { ...this.state.choice, language } });
  }

  retry(): void {
    void this.#poller.now();
  }

  /** The span of the texts that are open. */
  get textSpan(): Span | null {
    const { choice: { at }, dataset, span } = this.state;
    if (at === null || dataset === null) return span;
    const width = WIDTHS[dataset.intervals.sentiment], from = floorTo(at, width);
    return { from, to: from + width };
  }

  #holdFrom(reading: Reading): void {
    this.#newcomers = new Newcomers(reading.question.symbol, reading.dataset.kind);
    this.#set({ hold: { sinceTime: this.#newcomers.sinceTime, nNew: 0 } });
  }

  #leaveReading(): void {
    this.#reading?.close();
    this.#reading = null;
    this.#socket?.leave();
  }

  async #readNewest(): Promise<void> {
    if (performance.now() - this.#times.listing > LISTING_MS || this.state.assets.length === 0) await this.#readListing();
    const { symbol, span, range, detail, model, horizon } = this.state.choice;
    if (symbol === null || !this.#isKnown(symbol)) return this.#set({});
    this.#reading ??= new Reading({ symbol, span, range, detail, model, horizon });
    const reading = this.#reading;
    const isPausedHere = span !== null && reading.question.span === null;
    try {
      if (!isPausedHere) await this.#readSeries(reading);
      if (span !== null) await this.#countNewcomers(reading);
    } finally {
      if (reading === this.#reading) this.#set({});
    }
    this.#times.asked = performance.now();
    void this.#readSidesBeside(reading);
  }

  /** A slow answer about scores must not hold up the newest price. */
  async #readSidesBeside(reading: Reading): Promise<void> {
    if (this.#sidesOf === reading) return;
    this.#sidesOf = reading;
    try {
      await this.#readSides(reading);
    } catch (error) {
      if (!reading.signal.aborted) console.error(error);
    }
    if (this.#sidesOf === reading) this.#sidesOf = null;
  }

  async #readSeries(reading: Reading): Promise<void> {
    const now = performance.now(), isFixed = reading.question.span !== null;
    const isStale = now - this.#times.whole > WHOLE_MS || now - this.#times.asked > AWAY_MS;
    const isConfirmed = this.state.isStreaming && now - this.#times.tail < CONFIRM_MS;
    if (!reading.isWhole || (isStale && !isFixed)) {
      await reading.readWhole();
      this.#times.whole = performance.now();
      if (!isFixed && reading === this.#reading) this.#socket?.follow(reading.question.symbol, reading.position);
    } else if (!isFixed && !isConfirmed) {
      this.#nTails += 1;
      await reading.readTail({ withOutcomes: this.#nTails % OUTCOMES_EVERY === 0 });
      this.#times.tail = now;
    }
  }

  async #countNewcomers(reading: Reading): Promise<void> {
    this.#newcomers ??= new Newcomers(reading.question.symbol, reading.dataset.kind);
    const newcomers = this.#newcomers;
    const nNew = await newcomers.count({ signal: reading.signal });
    if (newcomers === this.#newcomers) this.#set({ hold: { sinceTime: newcomers.sinceTime, nNew } });
  }

  /** Readings beside the charts; a failure of one hides none of the others. */
  async #readSides(reading: Reading): Promise<void> {
    const { signal } = reading, now = performance.now();
    const isLive = this.state.choice.span === null;
    const reads: Promise<void>[] = [this.#readTextsIfDue()];
    if (now - this.#times.heat > HEAT_MS && (isLive || this.#times.heat === -Infinity)) {
      this.#times.heat = now;
      reads.push(readHeat(this.state.heat, this.state.assets, reading.span(), { signal }).then((heat) => this.#set({ heat })));
    }
    const hasScores = this.state.lake?.tables.some(({ table }) => table === "gold_score") ?? false;
    if (!hasScores) this.#set({ scores: { ...NO_SCORES, state: "waiting" } });
    else if (now - this.#times.scores > SCORES_MS) {
      this.#times.scores = now;
      reads.push(readScores(this.state.scores, reading.question.symbol, { signal }).then((scores) => this.#set({ scores })));
    }
    await Promise.all(reads);
  }

  async #readTextsIfDue(): Promise<void> {
    const reading = this.#reading, { choice, span } = this.state, texts = this.textSpan;
    if (reading === null || texts === null) return;
    const version = choice.span === null ? reading.dataset.sentiment.version : "held";
    const due = `${choice.symbol} ${choice.at} ${choice.at === null ? choice.span?.from : ""} ${version} ${choice.range}`;
    if (due === this.#textsOf && (this.state.texts.state === "ready" || this.state.texts.state === "empty")) return;
    const asked = choice.at === null && choice.span === null && span ? { ...texts, to: serverNow() + MINUTE } : texts;
    const read = await readTexts(this.state.texts, reading.question.symbol, asked, { isBucket: choice.at !== null, signal: reading.signal });
    if (choice.at !== this.state.choice.at || reading !== this.#reading) return;
    this.#textsOf = due;
    this.#set({ texts: read });
  }

  /** Assets and tables; a lake without tables has none of either. */
  async #readListing(): Promise<void> {
    const orNone = (error: unknown) => {
      if (error instanceof AnswerError && error.status === 503) return null;
      throw error;
    };
    const [listed, lake] = await Promise.all([
      ask<AssetList>("/api/v1/actifs?limite=1000").catch(orNone), ask<LakeState>("/api/v1/etat").catch(orNone),
    ]);
    const assets = await readAssets(listed, this.state.choice.symbol);
    this.#times.listing = performance.now();
    this.#isListed = true;
    const { choice } = this.state;
    const first = assets.find(({ symbol }) => symbol === FIRST_SYMBOL) ?? assets[0];
    const named = choice.symbol === null && first ? { ...choice, symbol: first.symbol } : choice;
    this.#set({ assets, lake, choice: named });
  }

  #rereadWhole(): void {
    this.#times.whole = -Infinity;
    void this.#poller.now();
  }

  #takeLive(channel: Channel, position: Vector, row: unknown): void {
    this.#reading?.take(LIVE_PARTS[channel], { position, row: row as PriceRow & TextRow & ForecastRow });
    if (this.#isFrameAsked) return;
    this.#isFrameAsked = true;
    requestAnimationFrame(() => {
      this.#isFrameAsked = false;
      this.#set({});
    });
  }

  #isKnown(symbol: string): boolean {
    return this.state.assets.some((asset) => asset.symbol === symbol);
  }

  /** Shows what has changed, from what is known now. */
  #set(changed: Partial<State>): void {
    const state = { ...this.state, ...changed }, reading = this.#reading, { choice } = state;
    const isHeld = choice.span !== null;
    // The drawn points stay until the answers to another question have come.
    const dataset = reading?.isWhole ? reading.dataset : (state.dataset ?? reading?.dataset ?? null);
    this.state = {
      ...state,
      dataset,
      kinds: reading?.kinds ?? state.kinds,
      now: isHeld && state.hold ? state.hold.sinceTime : serverNow(),
      span: choice.span ?? reading?.span() ?? state.span,
    };
    this.state = { ...this.state, page: this.#page() };
    const address = toAddress(choice);
    // A link that shared a view has served: what is seen is named in full.
    if (address !== location.hash || location.search) history.replaceState(null, "", location.pathname + address);
    this.#show(this.state);
  }

  #page(): PageState {
    const { assets, choice, outage } = this.state;
    if (choice.symbol !== null && this.#isKnown(choice.symbol)) {
      if (this.#reading?.dataset.price.state === "unknown") return "unknown";
      return this.#reading?.isWhole ? "ready" : "loading";
    }
    if (assets.length > 0) return "unknown";
    if (outage.isOffline) return "offline";
    return this.#isListed ? "waiting" : "loading";
  }
}
