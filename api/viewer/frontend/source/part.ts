// The points of one series, and the state of reading them. Immutable.

import type { Freshness, TableSnapshot, Vector } from "./api-types.ts";
import { AnswerError } from "./answers.ts";

export type PartState = "loading" | "ready" | "empty" | "waiting" | "unknown" | "error";

export interface Market {
  readonly venue: string;
  readonly quote: string;
}

/** `position` is how far into Kafka the points reach; `readAt` is when, by the page's own clock. */
export interface Part<P> {
  readonly state: PartState;
  readonly detail: string;
  readonly points: readonly P[];
  readonly version: number | null;
  readonly position: Vector;
  readonly freshness: (Freshness & { readonly readAt: number }) | null;
  readonly market: Market | null;
  /** Time of the earliest point, where there are too many points for one picture. */
  readonly cutTime: number | null;
}

export const UNREAD: Part<never> = {
  state: "loading", detail: "", points: [], version: null, position: {}, freshness: null, market: null, cutTime: null,
};

/** The part with new points and what the answer's snapshot says of them. */
export function read<P>(part: Part<P>, points: readonly P[], snapshot: TableSnapshot | undefined, market?: Market | null): Part<P> {
  return {
    ...part,
    points,
    state: points.length > 0 ? "ready" : "empty",
    detail: "",
    version: snapshot?.version ?? null,
    position: snapshot?.position ?? {},
    freshness: snapshot ? { ...snapshot.freshness, readAt: performance.now() } : null,
    market: market ?? part.market,
  };
}

/** The part after a refusal: its points stay, unless the symbol is unknown. */
export function refused<P>(part: Part<P>, error: AnswerError): Part<P> {
  const isKept = part.state === "ready" ? error.status !== 404 : error.isOutage && part.state !== "loading";
  if (isKept) return part;
  const states: Record<number, PartState> = { 404: "unknown", 503: "waiting" };
  return { ...part, state: states[error.status] ?? "error", detail: error.message };
}

/** True where the whole page should wait and retry, rather than this part alone. */
export function isOutageFor(part: Part<unknown>, error: AnswerError): boolean {
  return error.isOutage || (error.status === 503 && part.state === "ready");
}

/** Age of the newest event of a part's table, in seconds. */
export function ageSeconds({ freshness }: Part<unknown>): number | null {
  if (!freshness || freshness.event_age_seconds === null) return null;
  return Math.max(0, freshness.event_age_seconds + (performance.now() - freshness.readAt) / 1_000);
}
