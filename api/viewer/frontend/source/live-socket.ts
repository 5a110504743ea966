// The WebSocket: subscribes to one symbol from a position on, hands updates over, comes back when it breaks.

import type { Vector } from "./api-types.ts";
import { backoffMs } from "./backoff.ts";
import { furthest } from "./live-rows.ts";

export const CHANNELS = ["prix", "sentiment", "prediction"] as const;
export type Channel = (typeof CHANNELS)[number];

const VERSION = 1;
/** The server sends a frame at least every five seconds. */
const SILENCE_MS = 15_000;
const LONGEST_MS = 30_000;
/** "Come back": the server restarts. */
const SERVICE_RESTART = 1012;

export interface Envelope {
  readonly v: number;
  readonly type: string;
  readonly channel?: string | null;
  readonly symbol?: string | null;
  readonly position?: Vector | null;
  readonly data?: unknown;
}

export interface Listener {
  /** A row of a channel, with how far into Kafka the client is with it. */
  onUpdate(channel: Channel, position: Vector, row: unknown): void;
  /** Rows were missed that only the history has. */
  onGap(): void;
  /** Called with true where updates come. */
  onStreaming(isStreaming: boolean): void;
}

/** An envelope of this contract, or null where a message is none. */
export function parseEnvelope(text: unknown): Envelope | null {
  if (typeof text !== "string") return null;
  try {
    const found: unknown = JSON.parse(text);
    const isEnvelope = typeof found === "object" && found !== null && "v" in found && found.v === VERSION && "type" in found;
    return isEnvelope ? (found as Envelope) : null;
  } catch {
    return null;
  }
}

export class LiveSocket {
  readonly #url: string;
  readonly #listener: Listener;
  #socket: WebSocket | null = null;
  #followed: { symbol: string; position: Vector } | null = null;
  #nFailures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, listener: Listener) {
    this.#url = new URL(url, location.href).href.replace(/^http/, "ws");
    this.#listener = listener;
  }

  /** Follows a symbol from a position on, and no other. */
  follow(symbol: string, position: Vector): void {
    const before = this.#followed;
    this.#followed = { symbol, position };
    if (this.#socket === null) this.#connect();
    else if (this.#socket.readyState === WebSocket.OPEN) {
      if (before) this.#send({ type: "unsubscribe", channels: CHANNELS, symbols: [before.symbol] });
      this.#subscribe();
    }
  }

  leave(): void {
    this.#followed = null;
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#listener.onStreaming(false);
  }

  #connect(): void {
    clearTimeout(this.#retry);
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => socket === this.#socket && this.#subscribe());
    socket.addEventListener("message", ({ data }) => socket === this.#socket && this.#take(parseEnvelope(data)));
    socket.addEventListener("close", ({ code }) => socket === this.#socket && this.#comeBack(code));
  }

  #subscribe(): void {
    if (this.#followed === null) return;
    const { symbol, position } = this.#followed;
    const resume = Object.keys(position).length > 0 ? { depuis: position } : {};
    this.#send({ type: "subscribe", channels: CHANNELS, symbols: [symbol], ...resume });
    this.#hear();
  }

  #send(message: object): void {
    this.#socket?.send(JSON.stringify({ v: VERSION, ...message }));
  }

  #take(envelope: Envelope | null): void {
    this.#hear();
    const followed = this.#followed;
    if (envelope === null || followed === null) return;
    if (envelope.type === "subscribed") {
      this.#nFailures = 0;
      this.#listener.onStreaming(true);
    } else if (envelope.type === "gap") this.#listener.onGap();
    else if (envelope.type === "update" && envelope.symbol === followed.symbol && envelope.position) {
      followed.position = furthest(followed.position, envelope.position);
      if (isChannel(envelope.channel)) this.#listener.onUpdate(envelope.channel, envelope.position, envelope.data);
    }
  }

  #hear(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket?.close(), SILENCE_MS);
  }

  #comeBack(code: number): void {
    clearTimeout(this.#silence);
    this.#listener.onStreaming(false);
    this.#nFailures += 1;
    const first = code === SERVICE_RESTART ? 250 : 1_000;
    this.#retry = setTimeout(() => this.#connect(), backoffMs(this.#nFailures, { first, longest: LONGEST_MS, jitter: 1 }));
  }
}

function isChannel(name: unknown): name is Channel {
  return CHANNELS.some((channel) => channel === name);
}
