// One saved view in the list, and what can be done with it.

import { useEffect, useRef, useState } from "preact/hooks";
import { isSamePicture, readParameters, type Choice } from "../address.ts";
import type { SavedView } from "../api-types.ts";
import { copied } from "../clipboard.ts";
import { pageAddress, type ViewChange } from "../saved-views.ts";
import { word, type Key } from "../words.ts";
import { LinkField } from "./menu.tsx";
import { NameForm } from "./name-form.tsx";

interface Properties {
  readonly view: SavedView;
  readonly choice: Choice;
  readonly problemOf: (name: string) => Key | null;
  readonly onOpen: () => void;
  readonly onMessage: (text: string) => void;
  /** Resolves to true where it was done. */
  readonly onChange: (changed: ViewChange, done: string) => Promise<boolean>;
  readonly onOverwrite: () => Promise<unknown>;
  readonly onDelete: () => Promise<unknown>;
}

type Fold = "closed" | "actions" | "rename" | "delete";

export function ViewRow({ view, choice, problemOf, onOpen, onMessage, onChange, onOverwrite, onDelete }: Properties) {
  const [fold, unfold] = useState<Fold>("closed");
  const more = useRef<HTMLButtonElement>(null);
  const keep = useRef<HTMLButtonElement>(null);
  const { name, link } = view, address = link === null ? "" : `${location.origin}${pageAddress(link)}`;
  const isHere = isSamePicture(choice, readParameters(view.parameters, choice.language));
  useEffect(() => {
    if (fold === "delete") keep.current?.focus(); // a second Enter deletes nothing
  }, [fold]);
  const back = () => {
    unfold("closed");
    more.current?.focus();
  };
  const copy = async () => onMessage(word((await copied(address)) ? "copied" : "copyByHand"));
  return (
    <li class="view" aria-label={name} onKeyDown={(event) => {
      if (event.key !== "Escape" || fold === "closed") return;
      event.stopPropagation();
      back();
    }}>
      <button type="button" class="open" aria-current={isHere ? "true" : undefined} onClick={onOpen}>
        <span class="name">{name}</span>{isHere && <small>{word("viewHere")}</small>}
      </button>
      <button type="button" class="icon more" ref={more} aria-expanded={fold !== "closed"} aria-label={word("viewMore", { name })}
        onClick={() => unfold(fold === "closed" ? "actions" : "closed")}><span aria-hidden="true">⋯</span></button>
      {fold === "actions" && (
        <div class="actions">
          <button type="button" class="overwrite" onClick={() => void onOverwrite()}>{word("viewOverwrite")}</button>
          <button type="button" class="rename" onClick={() => unfold("rename")}>{word("viewRename")}</button>
          <button type="button" class="copy" onClick={() => void (link === null ? onChange({ shared: true }, word("viewShared")) : copy())}>{word(link === null ? "viewShare" : "viewLink")}</button>
          {link !== null && <LinkField label={word("viewShared")} link={address} />}
          {link !== null && <button type="button" class="unshare" onClick={() => void onChange({ shared: false }, word("viewUnshared", { name })).then((isDone) => isDone && more.current?.focus())}>{word("viewUnshare")}</button>}
          <button type="button" class="delete" onClick={() => unfold("delete")}>{word("viewDelete")}</button>
        </div>
      )}
      {fold === "rename" && (
        <NameForm id={`name-${view.id}`} label={word("viewNewName")} action={word("viewRename")} given={name} isFocused problemOf={problemOf}
          onName={async (wanted) => {
            const isDone = await onChange({ name: wanted }, word("viewRenamed", { name: wanted }));
            if (isDone) back();
            return isDone;
          }}>
          <button type="button" onClick={back}>{word("viewCancel")}</button>
        </NameForm>
      )}
      {fold === "delete" && (
        <div class="ask" role="group" aria-labelledby={`ask-${view.id}`}>
          <p id={`ask-${view.id}`}>{word("viewDeleteAsk", { name })}</p>
          <button type="button" class="confirm" onClick={() => void onDelete()}>{word("viewDelete")}</button>
          <button type="button" ref={keep} onClick={back}>{word("viewKeep")}</button>
        </div>
      )}
    </li>
  );
}
