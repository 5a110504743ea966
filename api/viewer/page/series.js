// The series of one choice: read whole once, then only their newest part.

import { RANGES, WIDTHS } from "./address.js";
import { AnswerError, ask, serverNow } from "./answers.js";
import { replaceFrom } from "./points.js";

const PAGE = 10_000, MAX_PAGES = 3, N_TEXTS = 20, N_FORECASTS = 500;
const MINUTE = 60_000;
/** Late events reach this many buckets back before the next whole read. */
const TAIL_BUCKETS = 2;
/** Late predictions, and how long after its target a price may still decide a prediction. */
const TAIL_MS = MINUTE, OUTCOME_MS = 10 * MINUTE;
/** The path comes in from before the range, so that it begins at its edge. */
const LEAD_MS = 60 * MINUTE;

function unread() {
  return { state: "loading", detail: "", points: [], freshness: null, version: null, quote: null, cutTime: null };
}

/** What one symbol and range show. Each part has a state: loading, ready, empty, waiting, unknown or error. */
export class Series {
  constructor({ symbol, range, model, horizon }) {
    Object.assign(this, { symbol, range, model, horizon, spans: RANGES[range] });
    this.parts = { price: unread(), sentiment: unread(), predictions: unread(), texts: unread() };
    this.forecasts = [];
    this.isWhole = false;
    this.leaving = new AbortController();
  }

  close() {
    this.leaving.abort();
  }

  /** The range by the server's clock; it reaches as far ahead as the predictions do, within reason. */
  domain(now = serverNow()) {
    const horizon = this.model === null ? 0 : horizonMs(this.horizon);
    return [now - this.spans.span, now + Math.min(horizon, this.spans.span / 5)];
  }

  /** Reads everything. Throws the outage, if there was one, after every part was tried. */
  async readWhole() {
    const now = serverNow();
    await this.#all([
      () => this.#readBuckets("price", "prix", now - this.spans.span),
      () => this.#readBuckets("sentiment", "sentiment", now - this.spans.span),
      () => this.#readTexts(),
      async () => {
        await this.#readForecasts();
        await this.#readPredictions(now);
      },
    ]);
    this.isWhole = true;
  }

  /** Reads what may have changed since: the newest buckets, and rows of the tables that have moved on. */
  async readTail({ withOutcomes }) {
    const { sentiment, predictions } = this.parts;
    const version = sentiment.version;
    await this.#all([
      () => this.#readBuckets("price", "prix", this.#tailStart("price")),
      async () => {
        await this.#readBuckets("sentiment", "sentiment", this.#tailStart("sentiment"));
        if (version !== sentiment.version || this.parts.texts.state !== "ready") await this.#readTexts();
      },
      async () => {
        if (this.model === null || predictions.points.length === 0) {
          if (this.model === null) await this.#readForecasts();
          await this.#readPredictions(serverNow());
        } else await this.#readNewPredictions(withOutcomes);
      },
    ]);
  }

  /** Another prediction on the same charts. */
  async choosePrediction(model, horizon) {
    Object.assign(this, { model, horizon });
    this.parts.predictions = unread();
    await this.#all([() => this.#readPredictions(serverNow())]);
  }

  async #all(reads) {
    const settled = await Promise.allSettled(reads.map((read) => read()));
    this.leaving.signal.throwIfAborted();
    const failed = settled.find(({ status }) => status === "rejected");
    if (failed) throw failed.reason;
  }

  #tailStart(name) {
    const newest = this.parts[name].points.at(-1);
    const width = WIDTHS[this.spans[name]];
    const start = serverNow() - this.spans.span;
    return newest ? Math.max(start, newest.time - TAIL_BUCKETS * width) : start;
  }

  /** Asks for a part and records how that went. Outages leave what is known and are thrown. */
  async #read(part, path, parameters, take) {
    try {
      const answer = await ask(path, { parameters, signal: this.leaving.signal });
      const table = answer.snapshot[0];
      Object.assign(part, { version: table.version, freshness: { ...table.freshness, readAt: performance.now() } });
      part.quote = answer.requete.marche?.quote ?? part.quote;
      await take(answer);
      Object.assign(part, { state: part.points.length ? "ready" : "empty", detail: "" });
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      const state = { 404: "unknown", 503: "waiting" }[error.status] ?? "error";
      const wasReady = part.state === "ready";
      const isKept = wasReady ? error.status !== 404 : error.isOutage && part.state !== "loading";
      if (!isKept) Object.assign(part, { state, detail: error.message });
      if (error.isOutage || (error.status === 503 && wasReady)) throw error;
    }
  }

  async #readBuckets(name, path, fromTime) {
    const interval = this.spans[name], width = WIDTHS[interval], part = this.parts[name];
    const start = Math.floor(fromTime / width) * width; // so that the first bucket is whole
    const parameters = { intervalle: interval, date_debut: new Date(start).toISOString(), limite: PAGE };
    await this.#read(part, this.#path(path), parameters, ({ points }) => {
      part.points = replaceFrom(part.points, points.map(toBucket), start);
      part.points = part.points.filter(({ time }) => time + width > serverNow() - this.spans.span);
    });
  }

  async #readTexts() {
    const part = this.parts.texts;
    const parameters = { intervalle: "brut", periode: this.range, limite: N_TEXTS };
    await this.#read(part, this.#path("sentiment"), parameters, ({ points }) => {
      part.points = points.reverse();
    });
  }

  /** Which predictions there are to choose from, by the newest of all of them. */
  async #readForecasts() {
    const found = unread();
    const parameters = { periode: "30d", limite: N_FORECASTS };
    await this.#read(found, this.#path("prediction"), parameters, ({ points }) => {
      const byName = new Map(points.map(({ model, horizon }) => [`${model} ${horizon}`, { model, horizon }]));
      this.forecasts = [...byName.values()].sort(
        (a, b) => a.model.localeCompare(b.model) || horizonMs(a.horizon) - horizonMs(b.horizon),
      );
    });
    if (this.model !== null || this.forecasts.length === 0) {
      if (this.model === null) Object.assign(this.parts.predictions, { ...found, points: [] });
      return;
    }
    const usual = this.forecasts.find(({ horizon }) => horizon === "1h") ?? this.forecasts[0];
    Object.assign(this, usual);
  }

  async #readPredictions(now) {
    const part = this.parts.predictions;
    if (this.model === null || this.model === "") return;
    const [start, end] = this.domain(now);
    const lead = Math.min(LEAD_MS, this.spans.span / 2);
    const points = [];
    let cutTime = null;
    const take = async (answer) => {
      points.unshift(...answer.points.map(toPrediction));
      if (answer.suivant === null) return;
      if (points.length >= PAGE * MAX_PAGES) cutTime = points[0].time;
      else await take(await ask(answer.suivant, { signal: this.leaving.signal }));
    };
    const dates = { date_debut: new Date(start - lead).toISOString(), date_fin: new Date(end).toISOString() };
    const parameters = { ...this.#chosen(), ...dates, axe: "target_time", limite: PAGE };
    await this.#read(part, this.#path("prediction"), parameters, async (answer) => {
      await take(answer);
      Object.assign(part, { points, cutTime });
    });
  }

  async #readNewPredictions(withOutcomes) {
    const part = this.parts.predictions, now = serverNow();
    const newest = part.points.reduce((time, { madeTime }) => Math.max(time, madeTime), 0);
    const since = { axe: "made_at", date_debut: new Date(Math.max(newest - TAIL_MS, now - this.spans.span)).toISOString() };
    const decided = { axe: "target_time", date_debut: new Date(now - OUTCOME_MS).toISOString(), date_fin: new Date(now).toISOString() };
    for (const asked of withOutcomes ? [since, decided] : [since]) {
      const parameters = { ...this.#chosen(), ...asked, limite: PAGE };
      await this.#read(part, this.#path("prediction"), parameters, ({ points }) => {
        const [start] = this.domain();
        const known = new Map(part.points.map((point) => [point.id, point]));
        for (const point of points.map(toPrediction)) known.set(point.id, point);
        part.points = [...known.values()].filter(({ time }) => time >= start - LEAD_MS).sort((a, b) => a.time - b.time);
      });
    }
  }

  #chosen() {
    return { modele: this.model, horizon: this.horizon };
  }

  #path(series) {
    return `/api/v1/${series}/${encodeURIComponent(this.symbol)}/historique`;
  }
}

export function horizonMs(horizon) {
  const [, count, unit] = /^(\d+)([mhd])$/.exec(horizon ?? "") ?? [];
  return count === undefined ? 0 : Number(count) * { m: MINUTE, h: 60 * MINUTE, d: 1_440 * MINUTE }[unit];
}

function toBucket(point) {
  return { ...point, time: Date.parse(point.event_time) };
}

function toPrediction(point) {
  return {
    ...point,
    id: point.message_id,
    time: Date.parse(point.target_time),
    madeTime: Date.parse(point.made_at),
    origins: [point.origin],
  };
}
