// What is inside of each chart. Lines end where something is missing; a point without neighbours is a dot.

import { bucketSegments, pathSegments, runsWhere } from "./points.js";
import { padded } from "./scales.js";

const DOT = 2.4, LEAST_BAR = 1;

/** Price: closes as a line; a prediction's interval as a band and its path dashed, at the time it speaks of. */
export function drawPrice(panel, { prices, width, path, now, domain, colours }) {
  const seen = path.filter(({ time }) => time >= domain[0] && time <= domain[1]);
  const values = padded([
    ...prices.flatMap(({ low, high }) => [low, high]),
    ...seen.flatMap(({ predicted_price, lower, upper }) => [predicted_price, lower, upper]),
  ]);
  const drawing = panel.begin({ domain, values, colours });
  const { context, x, y } = drawing;
  const lines = bucketSegments(prices, width);
  for (const segment of pathSegments(path, 1.5 * width)) {
    for (const run of runsWhere(segment, hasInterval)) band(context, run, x, y, colours);
    line(context, segment.map(({ time, predicted_price }) => [x(time), y(predicted_price)]), colours.predicted, 1.5, [5, 3]);
  }
  for (const segment of lines) {
    line(context, segment.map((point) => [x(closeTime(point, width, now)), y(point.close)]), colours.price, 1.8);
  }
  panel.end(context, { now, domain, colours });
  return lines.length;
}

/** Mean sentiment from -1 to 1, filled to zero: above in one colour, below in another. */
export function drawSentiment(panel, { buckets, width, now, domain, colours }) {
  const limit = Math.min(1, Math.max(0.25, ...buckets.map(({ mean }) => Math.abs(mean) * 1.15)));
  const { context, x, y } = panel.begin({ domain, values: [-limit, limit], colours });
  const lines = bucketSegments(buckets, width).map((segment) =>
    segment.map((point) => [x(middleTime(point, width, now)), y(point.mean)]),
  );
  const zero = y(0);
  halves(context, panel, zero, colours, (colour) => {
    for (const pixels of lines) {
      area(context, pixels, zero, colour);
      line(context, pixels, colour, 1.6);
    }
  });
  context.fillStyle = colours.axis;
  context.fillRect(x.range[0], Math.round(zero), x.range[1] - x.range[0], 1);
  panel.end(context, { now, domain, colours });
  return lines.length;
}

/** How many texts: negative, neutral and positive ones stacked; a bucket still open is paler. */
export function drawCounts(panel, { buckets, width, now, domain, colours }) {
  const most = Math.max(4, ...buckets.map(({ count }) => count));
  const { context, x, y } = panel.begin({ domain, values: [0, most * 1.08], digits: 0, colours });
  for (const bucket of buckets) {
    const [left, right] = [x(bucket.time), x(bucket.time + width)];
    const gap = right - left > 4 ? 1 : 0;
    const neutral = bucket.count - bucket.positive - bucket.negative;
    let from = 0;
    context.globalAlpha = bucket.complete ? 1 : 0.55;
    for (const [count, colour] of [[bucket.negative, colours.negative], [neutral, colours.neutral], [bucket.positive, colours.positive]]) {
      context.fillStyle = colour;
      context.fillRect(left, y(from + count), Math.max(LEAST_BAR, right - left - gap), y(from) - y(from + count));
      from += count;
    }
  }
  context.globalAlpha = 1;
  panel.end(context, { now, domain, colours });
  return bucketSegments(buckets, width).length;
}

export function hasInterval({ lower, upper }) {
  return lower !== null && upper !== null;
}

/** When a bucket's close was: at its end, or now while it is open. */
export function closeTime({ time }, width, now) {
  return Math.min(time + width, Math.max(time, now));
}

export function middleTime({ time }, width, now) {
  return (time + closeTime({ time }, width, now)) / 2;
}

function line(context, pixels, colour, size, dash = []) {
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = size;
  context.lineJoin = "round";
  context.beginPath();
  if (pixels.length === 1) {
    context.arc(...pixels[0], DOT, 0, 7);
    context.fill();
    return;
  }
  context.setLineDash(dash);
  pixels.forEach(([px, py], i) => (i ? context.lineTo(px, py) : context.moveTo(px, py)));
  context.stroke();
  context.setLineDash([]);
}

function area(context, pixels, base, colour) {
  if (pixels.length < 2) return;
  context.globalAlpha = 0.18;
  polygon(context, [...pixels, [pixels.at(-1)[0], base], [pixels[0][0], base]], colour);
  context.globalAlpha = 1;
}

function band(context, points, x, y, colours) {
  if (points.length === 1) {
    const [{ time, lower, upper }] = points;
    context.fillStyle = colours.band;
    context.fillRect(x(time) - 1, y(upper), 2, y(lower) - y(upper));
    return;
  }
  const upper = points.map((point) => [x(point.time), y(point.upper)]);
  const lower = points.map((point) => [x(point.time), y(point.lower)]).reverse();
  polygon(context, [...upper, ...lower], colours.band);
}

function polygon(context, pixels, colour) {
  context.fillStyle = colour;
  context.beginPath();
  pixels.forEach(([px, py], i) => (i ? context.lineTo(px, py) : context.moveTo(px, py)));
  context.closePath();
  context.fill();
}

function halves(context, panel, zero, colours, draw) {
  for (const [colour, top, bottom] of [[colours.positive, 0, zero], [colours.negative, zero, panel.height]]) {
    context.save();
    context.beginPath();
    context.rect(0, top, panel.width, bottom - top);
    context.clip();
    draw(colour);
    context.restore();
  }
}
