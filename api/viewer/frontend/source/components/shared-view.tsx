// The shared view of a link: its name while it is shown, or the reason why it is not.

import { isSamePicture, type Choice } from "../address.ts";
import { pageAddress } from "../saved-views.ts";
import { word } from "../words.ts";

export type Shared = { readonly name: string; readonly choice: Choice } | { readonly link: string; readonly isGone: boolean };

export function SharedNotice({ shared, choice }: { shared: Shared; choice: Choice }) {
  if ("choice" in shared) return isSamePicture(choice, shared.choice) ? <p id="shared" class="notice quiet" role="status">{word("sharedView", { name: shared.name })}</p> : null;
  return (
    <p id="shared" class="notice" role="alert">
      {word(shared.isGone ? "sharedGone" : "sharedUnread")}{" "}
      {!shared.isGone && <a href={pageAddress(shared.link)}>{word("retry")}</a>}
    </p>
  );
}
