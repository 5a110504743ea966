// A button of the bar that unfolds something; Escape, a click elsewhere or leaving by keyboard folds it again.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Properties {
  readonly id: string;
  readonly label: string;
  readonly isOpen: boolean;
  readonly onOpen: (isOpen: boolean) => void;
  readonly children: ComponentChildren;
}

export function Menu({ id, label, isOpen, onOpen, children }: Properties) {
  const root = useRef<HTMLDivElement>(null);
  const isElsewhere = (target: EventTarget | null) => target instanceof Node && !root.current?.contains(target);
  useEffect(() => {
    if (!isOpen) return;
    const leave = ({ target }: Event) => isElsewhere(target) && onOpen(false);
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  }, [isOpen]);
  return (
    <div class={`dropdown ${id}`} ref={root} onFocusOut={({ relatedTarget }) => isElsewhere(relatedTarget) && onOpen(false)}
      onKeyDown={({ key }) => {
        if (key !== "Escape" || !isOpen) return;
        onOpen(false);
        root.current?.querySelector("button")?.focus();
      }}>
      <button id={id} type="button" aria-expanded={isOpen} aria-controls={`${id}-menu`} onClick={() => onOpen(!isOpen)}>{label}</button>
      <div id={`${id}-menu`} class="menu" tabIndex={-1} hidden={!isOpen}>{children}</div>
    </div>
  );
}

/** A link to be copied by hand. */
export function LinkField({ label, link }: { label: string; link: string }) {
  return <input class="link" readOnly aria-label={label} value={link} onFocus={({ currentTarget }) => currentTarget.select()} />;
}
