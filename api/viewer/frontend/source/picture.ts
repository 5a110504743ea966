// Export of the charts as one picture, with their names and the origin of the numbers.

import type { PanelName } from "./charts/panels.ts";
import type { Theme } from "./charts/theme.ts";

export interface Caption {
  readonly title: string;
  /** Such as "generated data"; empty where the numbers come from a market. */
  readonly origin: string;
  readonly foot: string;
  readonly panels: Readonly<Record<PanelName, string>>;
}

const MARGIN = 16;
const HEAD = 40;
const NAME = 24;
const FOOT = 28;

export async function toPng(canvases: readonly (readonly [PanelName, HTMLCanvasElement])[], caption: Caption, theme: Theme): Promise<Blob> {
  const scale = devicePixelRatio, [margin, head, name, foot] = [MARGIN, HEAD, NAME, FOOT].map((length) => length * scale) as [number, number, number, number];
  const picture = document.createElement("canvas");
  picture.width = Math.max(...canvases.map(([, { width }]) => width)) + 2 * margin;
  picture.height = head + foot + margin + canvases.reduce((sum, [, { height }]) => sum + height + name, 0);
  const context = picture.getContext("2d")!;
  const write = (text: string, x: number, y: number, { bold = false, size = 12, colour = theme.text, align = "left" as CanvasTextAlign } = {}) => {
    context.font = `${bold ? "600 " : ""}${size * scale}px ${theme.font.replace(/^\S+ /, "")}`;
    context.fillStyle = colour;
    context.textAlign = align;
    context.fillText(text, x, y);
  };
  context.fillStyle = theme.card;
  context.fillRect(0, 0, picture.width, picture.height);
  write(caption.title, margin, 26 * scale, { bold: true, size: 16 });
  if (caption.origin) write(caption.origin, picture.width - margin, 26 * scale, { align: "right", colour: theme.axis });
  let y = head;
  for (const [panel, canvas] of canvases) {
    write(caption.panels[panel], margin, y + 16 * scale, { bold: true });
    context.drawImage(canvas, margin, y + name);
    y += name + canvas.height;
  }
  write(caption.foot, margin, picture.height - 12 * scale, { colour: theme.axis });
  return new Promise((resolve, reject) => picture.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png"));
}
