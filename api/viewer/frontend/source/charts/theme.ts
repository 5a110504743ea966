// The colours and the font of the page, as the canvas needs them.

const NAMES = [
  "price", "predicted", "band", "missed", "positive", "negative", "neutral", "grid", "axis", "text", "cursor", "card", "future", "blank",
] as const;

export type Theme = Readonly<Record<(typeof NAMES)[number], string>> & { readonly font: string; readonly heat: readonly string[] };

/** Steps of the heatmap from the most negative to the most positive, as the style sheet names them. */
export const N_HEAT = 9;

export function readTheme(root: Element): Theme {
  const style = getComputedStyle(root);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const colours = Object.fromEntries(NAMES.map((name) => [name, of(name)])) as Record<(typeof NAMES)[number], string>;
  const heat = Array.from({ length: N_HEAT }, (_, i) => of(`heat-${i}`));
  return { ...colours, heat, font: `12px ${style.fontFamily}` };
}

/** Means lie near zero: the scale is full at ±0.6. */
const FULL = 0.6;

export function heatStep(mean: number): number {
  const share = Math.max(-1, Math.min(1, mean / FULL));
  return Math.round(((share + 1) / 2) * (N_HEAT - 1));
}
