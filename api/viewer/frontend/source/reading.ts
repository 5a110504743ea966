// One question's answers: read whole once, then only their newest part, with live rows on top.

import type { ForecastRow, HistoryAnswer, PriceBucketRow, PriceRow, SentimentBucketRow, TextRow, Vector } from "./api-types.ts";
import { AnswerError, ask, serverNow } from "./answers.ts";
import { beyond, foldForecasts, foldPrices, foldTexts, furthest, type LiveRow } from "./live-rows.ts";
import { isOutageFor, read, refused, UNREAD, type Part } from "./part.ts";
import {
  mergeForecasts, replaceFrom, toForecast, toPriceBucket, toSentimentBucket,
  type Forecast, type PriceBucket, type SentimentBucket,
} from "./points.ts";
import { floorTo, HOUR, horizonMs, lengthOf, liveSpan, MINUTE, priceInterval, RANGES, sentimentInterval, WIDTHS, type Interval, type Range, type Span } from "./times.ts";

const PAGE = 10_000;
const MAX_PAGES = 3;
const N_FORECASTS = 500;
/** Late events reach this many buckets back before the next whole read. */
const TAIL_BUCKETS = 2;
/** Late predictions, and how long after its target a price may still decide a prediction. */
const TAIL_MS = MINUTE;
const OUTCOME_MS = 10 * MINUTE;
/** The path comes in from before the view, so that it begins at its edge. */
const LEAD_MS = HOUR;

/** `span` is null for a live view. */
export interface Question {
  readonly symbol: string;
  readonly range: Range;
  readonly span: Span | null;
  readonly detail: Interval | null;
  readonly model: string | null;
  readonly horizon: string | null;
}

export interface ForecastKind {
  readonly model: string;
  readonly horizon: string;
}

/** Data of the charts. */
export interface Dataset {
  readonly symbol: string;
  readonly intervals: { readonly price: Interval; readonly sentiment: Interval };
  readonly kind: ForecastKind | null;
  readonly price: Part<PriceBucket>;
  readonly sentiment: Part<SentimentBucket>;
  readonly forecasts: Part<Forecast>;
}

interface LiveRows {
  readonly price: LiveRow<PriceRow>[];
  readonly sentiment: LiveRow<TextRow>[];
  readonly forecasts: LiveRow<ForecastRow>[];
}

export class Reading {
  readonly question: Question;
  /** The predictions that there are to choose from; null before they were read. */
  kinds: readonly ForecastKind[] | null = null;
  isWhole = false;
  #kind: ForecastKind | null;
  #parts: Pick<Dataset, "price" | "sentiment" | "forecasts"> = { price: UNREAD, sentiment: UNREAD, forecasts: UNREAD };
  #live: LiveRows = { price: [], sentiment: [], forecasts: [] };
  #leaving = new AbortController();

  constructor(question: Question) {
    this.question = question;
    this.#kind = question.model && question.horizon ? { model: question.model, horizon: question.horizon } : null;
  }

  close(): void {
    this.#leaving.abort();
  }

  get signal(): AbortSignal {
    return this.#leaving.signal;
  }

  /** The shown span; a live view moves with the server's clock and reaches as far ahead as its predictions do. */
  span(now = serverNow()): Span {
    const { span, range, model } = this.question;
    return span ?? liveSpan(range, now, model === "" ? 0 : horizonMs(this.#kind?.horizon ?? null));
  }

  get intervals(): Dataset["intervals"] {
    const { span, range, detail } = this.question;
    const length = span ? lengthOf(span) : RANGES[range];
    return { price: priceInterval(length, detail), sentiment: sentimentInterval(length) };
  }

  /** The Kafka position over all parts, from which a WebSocket resumes. */
  get position(): Vector {
    const { price, sentiment, forecasts } = this.#parts;
    return [price, sentiment, forecasts].map((part) => part.position).reduce(furthest);
  }

  /** The answers with the live rows that they lack. */
  get dataset(): Dataset {
    const { symbol } = this.question;
    const { price, sentiment, forecasts } = this.#parts;
    const { intervals } = this, kind = this.#kind;
    const rows = {
      price: beyond(this.#live.price, price.position).map(({ row }) => row),
      sentiment: beyond(this.#live.sentiment, sentiment.position).map(({ row }) => row),
      forecasts: beyond(this.#live.forecasts, forecasts.position).map(({ row }) => row),
    };
    return {
      symbol, intervals, kind,
      price: withPoints(price, rows.price, () => foldPrices(price.points, rows.price, WIDTHS[intervals.price], price.market)),
      sentiment: withPoints(sentiment, rows.sentiment, () => foldTexts(sentiment.points, rows.sentiment, WIDTHS[intervals.sentiment])),
      forecasts: withPoints(forecasts, rows.forecasts, () => foldForecasts(forecasts.points, rows.forecasts, kind?.model ?? null, kind?.horizon ?? null)),
    };
  }

  /** Takes a live row in; it shows at once, and goes when an answer holds it. */
  take(name: keyof LiveRows, update: LiveRow<PriceRow & TextRow & ForecastRow>): void {
    this.#live[name].push(update);
  }

  /** Reads everything. Throws the outage, if there was one, after every part was tried. */
  async readWhole(): Promise<void> {
    const { from } = this.span();
    await this.#all([() => this.#readPrices(from), () => this.#readSentiment(from), () => this.#readAllForecasts()]);
    this.isWhole = true;
  }

  /** Reads what may have changed since: the newest buckets and predictions. */
  async readTail({ withOutcomes }: { withOutcomes: boolean }): Promise<void> {
    const isFirst = this.#kind === null || this.#parts.forecasts.points.length === 0;
    await this.#all([
      () => this.#readPrices(this.#tailStart("price")),
      () => this.#readSentiment(this.#tailStart("sentiment")),
      () => (isFirst ? this.#readAllForecasts() : this.#readNewForecasts(withOutcomes)),
    ]);
  }

  async #all(reads: readonly (() => Promise<void>)[]): Promise<void> {
    const settled = await Promise.allSettled(reads.map((one) => one()));
    this.signal.throwIfAborted();
    for (const name of ["price", "sentiment", "forecasts"] as const) this.#forgetCovered(name);
    const failed = settled.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  #forgetCovered(name: keyof LiveRows): void {
    const rows: LiveRow<{ message_id: string }>[] = this.#live[name];
    rows.splice(0, rows.length, ...beyond(rows, this.#parts[name].position));
  }

  /** Reaches back to the earliest live row as well, for what an answer covers is forgotten. */
  #tailStart(name: "price" | "sentiment"): number {
    const { from } = this.span(), newest = this.#parts[name].points.at(-1);
    if (!newest) return from;
    const live = this.#live[name].map(({ row }) => Date.parse(row.event_time));
    return Math.max(from, Math.min(newest.time - TAIL_BUCKETS * WIDTHS[this.intervals[name]], ...live));
  }

  #readPrices(fromTime: number): Promise<void> {
    return this.#readBuckets<PriceBucketRow, PriceBucket>("price", "prix", fromTime, toPriceBucket);
  }

  #readSentiment(fromTime: number): Promise<void> {
    return this.#readBuckets<SentimentBucketRow, SentimentBucket>("sentiment", "sentiment", fromTime, toSentimentBucket);
  }

  async #readBuckets<Row, P extends { readonly time: number }>(
    name: "price" | "sentiment", path: string, fromTime: number, toPoint: (row: Row) => P,
  ): Promise<void> {
    const interval = this.intervals[name], width = WIDTHS[interval];
    const start = floorTo(fromTime, width); // so that the first bucket is whole
    const { span } = this.question;
    const end: Record<string, string> = span ? { date_fin: iso(Math.max(span.to, start + width)) } : {};
    await this.#read<Row, P>(name, path, { intervalle: interval, date_debut: iso(start), ...end, limite: String(PAGE) }, async (part, _points, answer) => {
      const { rows } = await this.#allPages(answer);
      return replaceFrom(part.points, rows.map(toPoint), start).filter(({ time }) => time + width > this.span().from);
    });
  }

  async #readAllForecasts(): Promise<void> {
    if (this.kinds === null || this.kinds.length === 0) await this.#readKinds();
    const kind = this.#kind;
    if (kind === null) {
      // There is nothing to choose from, or nothing was chosen.
      const { forecasts } = this.#parts;
      const isSettled = forecasts.state === "loading" && this.kinds !== null;
      if (isSettled) this.#parts = { ...this.#parts, forecasts: { ...forecasts, state: "empty" } };
      return;
    }
    const { from, to } = this.span();
    const dates = { date_debut: iso(from - Math.min(LEAD_MS, (to - from) / 2)), date_fin: iso(to) };
    const parameters = { modele: kind.model, horizon: kind.horizon, ...dates, axe: "target_time", limite: String(PAGE) };
    await this.#read<ForecastRow, Forecast>("forecasts", "prediction", parameters, async (part, _points, answer) => {
      const { rows, isCut } = await this.#allPages(answer);
      const all = rows.map(toForecast);
      this.#parts = { ...this.#parts, forecasts: { ...part, cutTime: isCut ? (all[0]?.time ?? null) : null } };
      return all;
    });
  }

  /** The rows of an answer and of the pages before it, up to so many. */
  async #allPages<Row>(answer: HistoryAnswer<Row>): Promise<{ rows: Row[]; isCut: boolean }> {
    const pages = [answer.points];
    let next = answer.suivant;
    while (next !== null && pages.length < MAX_PAGES) {
      const page: HistoryAnswer<Row> = await ask(next, { signal: this.signal });
      pages.unshift(page.points);
      next = page.suivant;
    }
    return { rows: pages.flat(), isCut: next !== null };
  }

  async #readNewForecasts(withOutcomes: boolean): Promise<void> {
    const kind = this.#kind!, now = serverNow(), { from } = this.span(now);
    const newest = this.#parts.forecasts.points.reduce((time, { madeTime }) => Math.max(time, madeTime), 0);
    const live = this.#live.forecasts.map(({ row }) => Date.parse(row.made_at));
    const since = { axe: "made_at", date_debut: iso(Math.max(from, Math.min(newest - TAIL_MS, ...live))) };
    const decided = { axe: "target_time", date_debut: iso(now - OUTCOME_MS), date_fin: iso(now) };
    for (const asked of withOutcomes ? [since, decided] : [since]) {
      const parameters = { modele: kind.model, horizon: kind.horizon, ...asked, limite: String(PAGE) };
      await this.#read<ForecastRow, Forecast>("forecasts", "prediction", parameters, (part, points) =>
        mergeForecasts(part.points, points.map(toForecast)).filter(({ time }) => time >= from - LEAD_MS),
      );
    }
  }

  /** Which predictions there are, by the newest of all of them; the usual one is taken where none is named. */
  async #readKinds(): Promise<void> {
    try {
      const parameters = { periode: "30d", limite: String(N_FORECASTS) };
      const { points } = await ask<HistoryAnswer<ForecastRow>>(this.#path("prediction"), { parameters, signal: this.signal });
      const byName = new Map(points.map(({ model, horizon }) => [`${model} ${horizon}`, { model, horizon }]));
      this.kinds = [...byName.values()].sort(
        (a, b) => a.model.localeCompare(b.model) || horizonMs(a.horizon) - horizonMs(b.horizon),
      );
    } catch (error) {
      this.#refuse("forecasts", error);
    }
    if (this.question.model === null) this.#kind = this.kinds?.find(({ horizon }) => horizon === "1h") ?? this.kinds?.[0] ?? null;
  }

  /** Asks for a part and records how that went. Outages leave what is known and are thrown. */
  async #read<Row, P>(
    name: keyof LiveRows, path: string, parameters: Record<string, string>,
    toPoints: (part: Part<P>, points: readonly Row[], answer: HistoryAnswer<Row>) => readonly P[] | Promise<readonly P[]>,
  ): Promise<void> {
    const partNow = () => this.#parts[name] as unknown as Part<P>;
    try {
      const answer = await ask<HistoryAnswer<Row>>(this.#path(path), { parameters, signal: this.signal });
      const points = await toPoints(partNow(), answer.points, answer);
      this.#parts = { ...this.#parts, [name]: read(partNow(), points, answer.snapshot[0], answer.requete.marche) };
    } catch (error) {
      this.#refuse(name, error);
    }
  }

  #refuse(name: keyof LiveRows, error: unknown): void {
    if (!(error instanceof AnswerError)) throw error;
    const part: Part<unknown> = this.#parts[name];
    this.#parts = { ...this.#parts, [name]: refused(part, error) };
    if (isOutageFor(part, error)) throw error;
  }

  #path(series: string): string {
    return historyPath(series, this.question.symbol);
  }
}

export function historyPath(series: string, symbol: string): string {
  return `/api/v1/${series}/${encodeURIComponent(symbol)}/historique`;
}

export function iso(time: number): string {
  return new Date(time).toISOString();
}

/** The part with live rows, which may be its first points; the same part where there are none. */
function withPoints<P>(part: Part<P>, rows: readonly unknown[], points: () => readonly P[]): Part<P> {
  if (rows.length === 0 || part.state === "loading") return part;
  const folded = points();
  return { ...part, points: folded, state: folded.length > 0 ? "ready" : part.state };
}
