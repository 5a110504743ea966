// Pointer and wheel events over the charts as gestures: read, brush, pan, zoom, choose.

const CLICK_PX = 5;
const SETTLE_MS = 180;
const ZOOM_A_PIXEL = 1.0025;

export interface Spot {
  /** Pixels from the left edge of the plotting area. */
  readonly x: number;
  readonly panel: string | null;
  /** From the top of the plot to its bottom, 0 to 1. */
  readonly share: number;
  /** Below the plotting area, where the times are. */
  readonly isOnAxis: boolean;
}

export interface GestureHandlers {
  /** Position of the pointer; null without one. */
  locate(event: { clientX: number; clientY: number; target: EventTarget | null }): Spot | null;
  read(spot: Spot | null): void;
  choose(spot: Spot): void;
  /** Between two places; `isDone` once the pointer is up. */
  brush(fromX: number, toX: number, isDone: boolean): void;
  cancel(): void;
  travel(byPx: number): void;
  zoom(factor: number, x: number): void;
  /** The view is as it shall be. */
  settle(): void;
}

type Mode = "waiting" | "brush" | "travel" | "pinch";

interface Finger {
  x: number;
  y: number;
}

/** Listens until the signal aborts. */
export function listen(root: HTMLElement, wishes: GestureHandlers, signal: AbortSignal): void {
  const fingers = new Map<number, Finger>();
  let start: { spot: Spot; x: number; y: number; mode: Mode; wish: "brush" | "travel"; isTouch: boolean } | null = null;
  let settling: ReturnType<typeof setTimeout> | undefined;

  const down = (event: PointerEvent) => {
    const spot = wishes.locate(event);
    if (spot === null || event.button !== 0) return;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 2 && start) start.mode = "pinch";
    if (fingers.size > 1) return;
    const isTouch = event.pointerType === "touch";
    const wish = isTouch || spot.isOnAxis || event.shiftKey ? "travel" : "brush";
    start = { spot, x: event.clientX, y: event.clientY, mode: "waiting", wish, isTouch };
    wishes.read(spot);
  };
  const move = (event: PointerEvent) => {
    const spot = wishes.locate(event), finger = fingers.get(event.pointerId);
    if (!start || !finger) return wishes.read(spot);
    const byPx = event.clientX - finger.x;
    if (start.mode === "pinch") return pinch(event, finger);
    if (start.mode === "waiting" && Math.abs(event.clientX - start.x) > CLICK_PX) {
      start.mode = start.wish;
      root.setPointerCapture(event.pointerId);
      root.dataset["gesture"] = start.mode;
    }
    finger.x = event.clientX;
    if (start.mode === "travel") wishes.travel(byPx);
    if (start.mode === "brush") wishes.brush(start.spot.x, start.spot.x + event.clientX - start.x, false);
    if (start.mode !== "travel") wishes.read(spot);
  };
  const pinch = (event: PointerEvent, finger: Finger) => {
    const other = [...fingers.entries()].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) return;
    const before = Math.abs(finger.x - other.x), after = Math.abs(event.clientX - other.x);
    const middle = wishes.locate({ clientX: (event.clientX + other.x) / 2, clientY: event.clientY, target: event.target });
    finger.x = event.clientX;
    if (before > 8 && after > 8 && middle) wishes.zoom(before / after, middle.x);
  };
  const up = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    if (!start || fingers.size > 0) return;
    const ended = start;
    start = null;
    delete root.dataset["gesture"];
    if (ended.mode === "brush") wishes.brush(ended.spot.x, ended.spot.x + event.clientX - ended.x, true);
    else if (ended.mode === "waiting") wishes.choose(ended.spot);
    else wishes.settle();
  };
  const cancel = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    const mode = start?.mode;
    start = null;
    delete root.dataset["gesture"];
    if (mode === "travel" || mode === "pinch") wishes.settle();
    else wishes.cancel();
  };
  const wheel = (event: WheelEvent) => {
    const spot = wishes.locate(event);
    const isZoom = event.ctrlKey || event.metaKey, isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (spot === null || !(isZoom || isSideways || event.shiftKey)) return;
    event.preventDefault();
    if (isZoom) wishes.zoom(ZOOM_A_PIXEL ** event.deltaY, spot.x);
    else wishes.travel(-(isSideways ? event.deltaX : event.deltaY));
    clearTimeout(settling);
    settling = setTimeout(() => wishes.settle(), SETTLE_MS);
  };
  root.addEventListener("pointerdown", down, { signal });
  root.addEventListener("pointermove", move, { signal });
  root.addEventListener("pointerup", up, { signal });
  root.addEventListener("pointercancel", cancel, { signal });
  // A finger leaves when it is lifted; what it has tapped stays readable.
  root.addEventListener("pointerleave", ({ pointerType }) => start || pointerType === "touch" || wishes.read(null), { signal });
  root.addEventListener("wheel", wheel, { signal, passive: false });
}
