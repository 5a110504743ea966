// Taking away what is seen: numbers, a picture, a link.

import { useEffect, useRef, useState } from "preact/hooks";
import { toAddress } from "../address.ts";
import { toCsv } from "../csv.ts";
import { save } from "../save.ts";
import type { State } from "../viewer.ts";
import { word } from "../words.ts";

export function Share({ state, onPicture }: { state: State; onPicture: () => Promise<void> }) {
  const [isOpen, open] = useState(false);
  const [said, say] = useState<{ text: string; link?: string } | null>(null);
  const root = useRef<HTMLDivElement>(null);
  const { dataset, heat, span, choice } = state;
  useEffect(() => {
    if (!isOpen) return;
    const leave = (event: Event) => event.target instanceof Node && !root.current?.contains(event.target) && open(false);
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  }, [isOpen]);
  const copy = async (link: string) => {
    try {
      await navigator.clipboard.writeText(link);
      say({ text: word("copied") });
    } catch {
      say({ text: word("copyByHand"), link }); // not allowed, or not a secure context
    }
  };
  const linkTo = (fragment: string) => `${location.origin}${location.pathname}${fragment}`;
  const csv = () => {
    if (dataset === null || span === null) return;
    const name = `${dataset.symbol}-${new Date(span.from).toISOString().slice(0, 16).replace(":", "")}.csv`;
    save(new Blob([toCsv(dataset, heat, span)], { type: "text/csv;charset=utf-8" }), name);
    say({ text: word("saved", { name }) });
  };
  return (
    <div class="share" ref={root} onKeyDown={(event) => {
      if (event.key !== "Escape") return;
      open(false);
      root.current?.querySelector("button")?.focus();
    }}>
      <button id="share" type="button" aria-expanded={isOpen} aria-controls="share-menu" onClick={() => { open(!isOpen); say(null); }}>{word("share")}</button>
      <div id="share-menu" class="menu" hidden={!isOpen}>
        <button id="csv" type="button" disabled={dataset === null} onClick={csv}>{word("csv")}</button>
        <button id="png" type="button" disabled={dataset === null} onClick={() => void onPicture()}>{word("png")}</button>
        <button id="link" type="button" onClick={() => void copy(linkTo(toAddress(choice)))}>{word("linkHere")}</button>
        {choice.span === null && span !== null && (
          <button id="link-moment" type="button" onClick={() => void copy(linkTo(toAddress({ ...choice, span })))}>{word("linkMoment")}</button>
        )}
        <p role="status" class="said">{said?.text}</p>
        {said?.link && <input class="link" readOnly aria-label={word("copyByHand")} value={said.link} onFocus={({ currentTarget }) => currentTarget.select()} />}
      </div>
    </div>
  );
}
