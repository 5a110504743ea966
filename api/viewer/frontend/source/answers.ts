// Requests to the API, and the API's clock in place of the browser's.

const TIMEOUT_MS = 20_000;
let clockOffsetMs = 0;

/** An answer that is not 200. `status` is 0 where nobody answered. */
export class AnswerError extends Error {
  readonly status: number;
  readonly retryAfterSeconds: number | null;

  constructor(status: number, detail: string, retryAfterSeconds: number | null = null) {
    super(detail);
    this.name = "AnswerError";
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** True where a retry may succeed although nothing here changes. */
  get isOutage(): boolean {
    return this.status === 0 || this.status === 429 || (this.status >= 500 && this.status !== 503);
  }
}

/** Milliseconds since the epoch by the server's clock. */
export function serverNow(): number {
  return Date.now() + clockOffsetMs;
}

interface Asking {
  readonly parameters?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
  readonly change?: Change;
}

/** A request that changes something: by session, with its CSRF token. */
export interface Change {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly headers: Record<string, string>;
}

/** The document at a path; null where the answer has none. Throws AnswerError; an abort of `signal` throws what the browser throws. */
export async function ask<Answer>(path: string, { parameters = {}, signal, change }: Asking = {}): Promise<Answer> {
  const query = new URLSearchParams(parameters).toString();
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(query ? `${path}?${query}` : path, {
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      method: change?.method ?? "GET",
      body: change?.body === undefined ? null : JSON.stringify(change.body),
      headers: { Accept: "application/json", ...(change?.body !== undefined && { "Content-Type": "application/json" }), ...change?.headers },
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new AnswerError(0, "no answer");
  }
  const answeredTime = Date.parse(response.headers.get("Date") ?? "");
  if (Math.abs(answeredTime - serverNow()) > 1_500) clockOffsetMs = answeredTime + 500 - Date.now();
  if (response.status === 204) return null as Answer;
  let answered: Answer & { detail?: string };
  try {
    answered = await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new AnswerError(response.ok ? 0 : response.status, response.statusText || "no JSON");
  }
  if (response.ok) return answered;
  const retryAfter = Number(response.headers.get("Retry-After"));
  throw new AnswerError(response.status, answered.detail ?? response.statusText, retryAfter || null);
}
