// The panels of the charts, from top to bottom.

export const PANELS = ["price", "sentiment", "counts", "heat"] as const;
export type PanelName = (typeof PANELS)[number];
