// Asks again and again: every two seconds, more rarely while the server fails, not at all while nobody looks.

const EVERY_MS = 2_000, MAX_DELAY_MS = 30_000, JITTER = 0.2;

export class Live {
  #timer = null;
  #isAsking = false;
  #askAgain = false;
  #failures = 0;

  /** `ask` reads what is new; `onState` hears of {isPaused, isOffline, retryTime}. */
  constructor({ ask, onState }) {
    this.ask = ask;
    this.onState = onState;
    this.isPaused = false;
    document.addEventListener("visibilitychange", () => this.#wake());
    window.addEventListener("online", () => this.#wake());
  }

  /** Asks now; what is being asked already is asked once more after it. */
  async now() {
    clearTimeout(this.#timer);
    this.#askAgain = this.#isAsking;
    if (this.#isAsking) return;
    this.#isAsking = true;
    document.documentElement.dataset.reading = "true";
    let delay = EVERY_MS;
    try {
      await this.ask();
      this.#failures = 0;
    } catch (error) {
      if (error.name !== "AbortError") delay = this.#delayAfter(error);
    }
    this.#isAsking = false;
    document.documentElement.dataset.reading = "false";
    this.#next(this.#askAgain ? 0 : delay);
  }

  pause(isPaused) {
    this.isPaused = isPaused;
    if (isPaused) clearTimeout(this.#timer);
    else this.now();
    this.#tell(null);
  }

  #wake() {
    if (!document.hidden && !this.isPaused) this.now();
  }

  #next(delay) {
    clearTimeout(this.#timer);
    this.#tell(this.#failures ? Date.now() + delay : null);
    if (!this.isPaused && !document.hidden) this.#timer = setTimeout(() => this.now(), delay);
  }

  #delayAfter(error) {
    if (error.name !== "AnswerError") console.error(error);
    this.#failures += 1;
    const backoff = Math.min(MAX_DELAY_MS, EVERY_MS * 2 ** (this.#failures - 1));
    return Math.max(backoff, 1_000 * (error.retryAfterSeconds ?? 0)) * (1 + JITTER * Math.random());
  }

  #tell(retryTime) {
    this.onState({ isPaused: this.isPaused, isOffline: this.#failures > 0, retryTime });
  }
}
