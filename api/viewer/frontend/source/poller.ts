// Asks again and again: every two seconds, more rarely while the server fails, not at all while nobody looks.

import { AnswerError } from "./answers.ts";
import { backoffMs } from "./backoff.ts";

const EVERY_MS = 2_000;
const LONGEST_MS = 30_000;

export interface Outage {
  readonly isOffline: boolean;
  /** When it asks again, by Date.now(); null where it does not. */
  readonly retryTime: number | null;
}

export class Poller {
  readonly #ask: () => Promise<void>;
  readonly #onOutage: (outage: Outage) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;
  #askAgain = false;
  #nFailures = 0;

  constructor(ask: () => Promise<void>, onOutage: (outage: Outage) => void) {
    this.#ask = ask;
    this.#onOutage = onOutage;
    document.addEventListener("visibilitychange", () => this.#wake());
    window.addEventListener("online", () => this.#wake());
  }

  /** Asks now; what is being asked already is asked once more after it. */
  async now(): Promise<void> {
    clearTimeout(this.#timer);
    this.#askAgain = this.#isAsking;
    if (this.#isAsking) return;
    this.#isAsking = true;
    document.documentElement.dataset["reading"] = "true";
    let delay = EVERY_MS;
    try {
      await this.#ask();
      this.#nFailures = 0;
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) delay = this.#delayAfter(error);
    }
    this.#isAsking = false;
    document.documentElement.dataset["reading"] = "false";
    this.#next(this.#askAgain ? 0 : delay);
  }

  #wake(): void {
    if (!document.hidden) void this.now();
  }

  #next(delay: number): void {
    clearTimeout(this.#timer);
    const isOffline = this.#nFailures > 0;
    this.#onOutage({ isOffline, retryTime: isOffline ? Date.now() + delay : null });
    if (!document.hidden) this.#timer = setTimeout(() => void this.now(), delay);
  }

  #delayAfter(error: unknown): number {
    if (!(error instanceof AnswerError)) console.error(error);
    this.#nFailures += 1;
    const retryAfter = error instanceof AnswerError ? 1_000 * (error.retryAfterSeconds ?? 0) : 0;
    return Math.max(backoffMs(this.#nFailures, { first: EVERY_MS, longest: LONGEST_MS }), retryAfter);
  }
}
