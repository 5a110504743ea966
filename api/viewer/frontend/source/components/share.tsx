// Taking away what is seen: numbers, a picture, a link.

import { useState } from "preact/hooks";
import { toAddress } from "../address.ts";
import { copied } from "../clipboard.ts";
import { toCsv } from "../csv.ts";
import { save } from "../save.ts";
import type { State } from "../viewer.ts";
import { word } from "../words.ts";
import { LinkField, Menu } from "./menu.tsx";

export function Share({ state, onPicture }: { state: State; onPicture: () => Promise<void> }) {
  const [isOpen, open] = useState(false);
  const [message, setMessage] = useState<{ text: string; link?: string } | null>(null);
  const { dataset, heat, span, choice } = state;
  const copy = async (link: string) => setMessage((await copied(link)) ? { text: word("copied") } : { text: word("copyByHand"), link });
  const linkTo = (fragment: string) => `${location.origin}${location.pathname}${fragment}`;
  const csv = () => {
    if (dataset === null || span === null) return;
    const name = `${dataset.symbol}-${new Date(span.from).toISOString().slice(0, 16).replace(":", "")}.csv`;
    save(new Blob([toCsv(dataset, heat, span)], { type: "text/csv;charset=utf-8" }), name);
    setMessage({ text: word("saved", { name }) });
  };
  return (
    <Menu id="share" label={word("share")} isOpen={isOpen} onOpen={(isWanted) => {
      open(isWanted);
      setMessage(null);
    }}>
      <button id="csv" type="button" disabled={dataset === null} onClick={csv}>{word("csv")}</button>
      <button id="png" type="button" disabled={dataset === null} onClick={() => void onPicture()}>{word("png")}</button>
      <button id="link" type="button" onClick={() => void copy(linkTo(toAddress(choice)))}>{word("linkHere")}</button>
      {choice.span === null && span !== null && (
        <button id="link-moment" type="button" onClick={() => void copy(linkTo(toAddress({ ...choice, span })))}>{word("linkMoment")}</button>
      )}
      <p role="status" class="message">{message?.text}</p>
      {message?.link && <LinkField label={word("copyByHand")} link={message.link} />}
    </Menu>
  );
}
