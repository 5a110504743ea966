// Readings beside the charts: texts, the scorecard, sentiment of all assets, and new points of a held view.

import type { Asset, AssetList, DistributionScore, HistoryAnswer, Score, SentimentBucketRow, TableSnapshot, TextRow } from "./api-types.ts";
import { AnswerError, ask, serverNow } from "./answers.ts";
import { read, refused, UNREAD, type Part } from "./part.ts";
import { toSentimentBucket, toText, type SentimentBucket, type Text } from "./points.ts";
import { historyPath, iso, type ForecastKind } from "./reading.ts";
import type { Scored } from "./scorecard.ts";
import { floorTo, heatInterval, lengthOf, MINUTE, WIDTHS, type Interval, type Span } from "./times.ts";

const N_TEXTS = 20;
const N_TEXTS_OF_BUCKET = 100;
const MAX_ASSETS = 24;
const AT_ONCE = 3;
/** Rows that come late belong to minutes that lie back this far. */
const LATE_MS = 5 * MINUTE;
const PAGE = "10000";

/** The first page of the assets, and the chosen one where it is on a later page. */
export async function readAssets(listed: AssetList | null, symbol: string | null): Promise<readonly Asset[]> {
  const assets = listed?.actifs ?? [];
  if (symbol === null || !listed?.suivant || assets.some((asset) => asset.symbol === symbol)) return assets;
  const { actifs } = await ask<AssetList>("/api/v1/actifs", { parameters: { symbole: symbol } });
  return [...assets, ...actifs];
}

/** The newest texts of a span first; all of a bucket's where the span is one. */
export async function readTexts(part: Part<Text>, symbol: string, span: Span, { isBucket = false, signal }: Signalled & { isBucket?: boolean }): Promise<Part<Text>> {
  const limit = isBucket ? N_TEXTS_OF_BUCKET : N_TEXTS;
  const parameters = { intervalle: "brut", date_debut: iso(span.from), date_fin: iso(span.to), limite: String(limit) };
  return taken(part, async () => {
    const { points, snapshot } = await ask<HistoryAnswer<TextRow>>(historyPath("sentiment", symbol), { parameters, signal });
    return read(part, points.map(toText).reverse(), snapshot[0]);
  });
}

/** Scores of a symbol, and those of its distributions, which reach further back. */
export interface Scores extends Part<Scored> {
  readonly distributions: readonly DistributionScore[];
}

/** Every score of a symbol with that of its distributions, the latest windows and the shortest horizons first. */
export async function readScores(before: Scores, symbol: string, { signal }: Signalled): Promise<Scores> {
  let { distributions } = before;
  const part = await taken<Scored>(before, async () => {
    const path = `/api/v1/prediction/${encodeURIComponent(symbol)}/score`;
    const { scores, snapshot, ...answer } = await ask<ScoreAnswer>(path, { signal });
    ({ distributions } = answer);
    return read<Scored>(before, scores.map((score) => ({ ...score, distribution: distributions.find((one) => isOfOneKind(score, one)) })), snapshot[0]);
  });
  return { ...part, distributions };
}

interface ScoreAnswer {
  readonly scores: readonly Score[];
  readonly distributions: readonly DistributionScore[];
  readonly snapshot: readonly TableSnapshot[];
}

function isOfOneKind(score: Score, other: DistributionScore): boolean {
  return (["model", "model_version", "horizon", "data", "timeliness"] as const).every((name) => score[name] === other[name]);
}

export interface HeatRow {
  readonly asset: Asset;
  readonly buckets: readonly SentimentBucket[];
}

export interface Heat {
  readonly state: Part<never>["state"];
  readonly detail: string;
  readonly interval: Interval;
  readonly rows: readonly HeatRow[];
}

export const NO_HEAT: Heat = { state: "loading", detail: "", interval: "1h", rows: [] };

/** Sentiment of every asset over a span, a few questions at once. */
export async function readHeat(heat: Heat, assets: readonly Asset[], span: Span, { signal }: Signalled): Promise<Heat> {
  const interval = heatInterval(lengthOf(span)), width = WIDTHS[interval];
  const to = Math.min(span.to, floorTo(serverNow(), width) + width);
  const dates = { date_debut: iso(floorTo(span.from, width)), date_fin: iso(Math.max(to, floorTo(span.from, width) + width)) };
  const parameters = { intervalle: interval, ...dates, limite: PAGE };
  const asked = assets.slice(0, MAX_ASSETS), rows: HeatRow[] = [];
  const next = async (): Promise<void> => {
    for (let i = rows.length; i < asked.length; i = rows.length) {
      const asset = asked[i]!;
      rows.push({ asset, buckets: [] });
      const { points } = await ask<HistoryAnswer<SentimentBucketRow>>(historyPath("sentiment", asset.symbol), { parameters, signal });
      rows[i] = { asset, buckets: points.map(toSentimentBucket) };
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    return heat.rows.length > 0 ? heat : { ...heat, state: error.status === 503 ? "waiting" : "error", detail: error.message };
  }
  const isEmpty = rows.every(({ buckets }) => buckets.length === 0);
  return { state: isEmpty ? "empty" : "ready", detail: "", interval, rows };
}

/** Counts what has come since it was made: prices, texts and predictions of one symbol, late ones among them. */
export class Newcomers {
  readonly sinceTime = serverNow();
  #before: number | null = null;
  #symbol: string;
  #kind: ForecastKind | null;

  constructor(symbol: string, kind: ForecastKind | null) {
    this.#symbol = symbol;
    this.#kind = kind;
  }

  async count({ signal }: Signalled): Promise<number> {
    const start = iso(floorTo(this.sinceTime - LATE_MS, MINUTE));
    const buckets = { intervalle: "1m", date_debut: start, limite: PAGE };
    const forecasts = { ...(this.#kind ? { modele: this.#kind.model, horizon: this.#kind.horizon } : {}), date_debut: start, limite: PAGE };
    const counts = await Promise.all([
      this.#ask("prix", buckets, signal), this.#ask("sentiment", buckets, signal), this.#ask("prediction", forecasts, signal),
    ]);
    const n = counts.reduce((sum, one) => sum + one, 0);
    this.#before ??= n;
    return Math.max(0, n - this.#before);
  }

  /** A table that does not exist yet has nothing new. */
  async #ask(series: string, parameters: Record<string, string>, signal: AbortSignal | undefined): Promise<number> {
    try {
      const { points } = await ask<HistoryAnswer<{ count?: number }>>(historyPath(series, this.#symbol), { parameters, signal });
      return points.reduce((sum, { count }) => sum + (count ?? 1), 0);
    } catch (error) {
      if (error instanceof AnswerError && (error.status === 404 || error.status === 503)) return 0;
      throw error;
    }
  }
}

interface Signalled {
  readonly signal?: AbortSignal | undefined;
}

export const NO_TEXTS: Part<Text> = UNREAD;
export const NO_SCORES: Scores = { ...UNREAD, distributions: [] };

async function taken<P>(part: Part<P>, ask: () => Promise<Part<P>>): Promise<Part<P>> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    return refused(part, error);
  }
}
