// Points of a series as lists in ascending time: merged, cut into segments, searched. Pure.

/** Known points with everything from an instant on replaced by what was read of it. */
export function replaceFrom(known, fresh, fromTime) {
  return [...known.filter((point) => point.time < fromTime), ...fresh];
}

/** The newest point of each bucket of this width. */
export function thin(points, width) {
  const kept = [];
  for (const point of points) {
    const newest = kept.at(-1);
    if (newest && Math.floor(newest.time / width) === Math.floor(point.time / width)) kept.pop();
    kept.push(point);
  }
  return kept;
}

/** Runs of buckets that follow each other without a missing one. */
export function bucketSegments(points, width) {
  return split(points, (before, after) => after.time - before.time > width);
}

/**
 * Runs of points without a fixed spacing. A hole is a spacing far above what is usual around it, so that a
 * series that is dense here and rare there has holes only where something is missing.
 */
export function pathSegments(points, leastHole) {
  const spacings = points.slice(1).map((point, i) => point.time - points[i].time);
  const isHole = spacings.map((spacing, i) => {
    const around = spacings.slice(Math.max(0, i - AROUND), i + AROUND + 1).sort((a, b) => a - b);
    return spacing > Math.max(leastHole, HOLE_FACTOR * around[Math.floor(around.length * 0.75)]);
  });
  return split(points, (before, after, i) => isHole[i]);
}
const AROUND = 5, HOLE_FACTOR = 2.5;

/** Runs of points for which something holds. */
export function runsWhere(points, holds) {
  const segments = split(points, (before, after) => holds(before) !== holds(after));
  return segments.filter(([first]) => holds(first));
}

/** The point nearest to a time, or null where none is within the tolerance. */
export function nearest(points, time, tolerance, timeOf = (point) => point.time) {
  let low = 0, high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeOf(points[middle]) < time) low = middle + 1;
    else high = middle;
  }
  const candidates = [points[low - 1], points[low]].filter(Boolean);
  const best = candidates.sort((a, b) => Math.abs(timeOf(a) - time) - Math.abs(timeOf(b) - time))[0];
  return best && Math.abs(timeOf(best) - time) <= tolerance ? best : null;
}

function split(points, isHole) {
  const segments = [];
  points.forEach((point, i) => {
    if (i === 0 || isHole(points[i - 1], point, i - 1)) segments.push([]);
    segments.at(-1).push(point);
  });
  return segments;
}
