// Delay before the next attempt, with random jitter.

/** Doubles with each failure up to the longest, and is spread so that many clients do not come back at once. */
export function backoffMs(
  nFailures: number, { first, longest, jitter = 0.2, random = Math.random }: { first: number; longest: number; jitter?: number; random?: () => number },
): number {
  return Math.min(longest, first * 2 ** Math.max(0, nFailures - 1)) * (1 + jitter * random());
}
