// From values and times to pixels, and where the ticks are. Pure.

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const TIME_STEPS = [1, 2, 5, 10, 15, 30].map((n) => n * MINUTE).concat(
  [1, 2, 3, 6, 12].map((n) => n * HOUR), [1, 2, 5, 7, 14].map((n) => n * DAY),
);

/** A function from [from, to] to [start, end], with both ends and its inverse. */
export function linear([from, to], [start, end]) {
  const factor = (end - start) / (to - from || 1);
  const scale = (value) => start + (value - from) * factor;
  scale.invert = (pixel) => from + (pixel - start) / factor;
  return Object.assign(scale, { domain: [from, to], range: [start, end] });
}

/** The extent of the values with some air around it; a flat line gets air as well. */
export function padded(values, share = 0.06) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value === null || value === undefined) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const air = (high - low || Math.abs(high) * 0.02 || 1) * share;
  return [low - air, high + air];
}

/** Round values, about `count` of them: {values, digits}. */
export function valueTicks([low, high], count) {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999);
  const values = [];
  for (let i = Math.ceil(low / step); i * step <= high; i += 1) values.push(i * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return { values, digits: step / 10 ** -digits % 1 > 1e-9 ? digits + 1 : digits };
}

/** Round times of the browser's zone, at least `leastPixels` apart: {times, step}. */
export function timeTicks(scale, leastPixels) {
  const [from, to] = scale.domain;
  const least = ((to - from) * leastPixels) / (scale.range[1] - scale.range[0]);
  const step = TIME_STEPS.find((candidate) => candidate >= least) ?? TIME_STEPS.at(-1);
  const times = [];
  const start = new Date(from);
  start.setHours(0, 0, 0, 0);
  if (step < DAY) {
    for (let time = start.getTime(); time <= to; time += step) if (time >= from) times.push(time);
    return { times, step };
  }
  const days = Math.round(step / DAY);
  const dayNumber = Math.round(start.getTime() / DAY - start.getTimezoneOffset() / (24 * 60));
  start.setDate(start.getDate() - (dayNumber % days)); // so that ticks stay where they are as the range moves on
  for (const day = start; day.getTime() <= to; day.setDate(day.getDate() + days)) {
    if (day.getTime() >= from) times.push(day.getTime());
  }
  return { times, step };
}
