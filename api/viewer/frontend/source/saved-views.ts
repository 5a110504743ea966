// Saved views: one's own by session, another's by link.

import type { SavedView, SavedViewsPage, SessionAnswer, SharedView, ViewParameters } from "./api-types.ts";
import { AnswerError, ask, type Change } from "./answers.ts";
import type { Key } from "./words.ts";

const VIEWS = "/api/v1/vues";
const MOST_ROWS = "200";
export const MOST_NAME_CHARACTERS = 80;

/** The signed-in user, and the CSRF token of their changes. */
export interface Account {
  readonly user: string;
  readonly csrfToken: string;
}

export type ViewChange = Partial<Pick<SavedView, "name" | "parameters"> & { readonly shared: boolean }>;

/** Null: nobody. Throws AnswerError. */
export async function readAccount(): Promise<Account | null> {
  const { user, csrf_token: csrfToken } = await ask<SessionAnswer>("/api/v1/session");
  return user !== null && csrfToken !== null ? { user, csrfToken } : null;
}

export function readShared(link: string): Promise<SharedView> {
  return ask<SharedView>(`${VIEWS}/partagees/${encodeURIComponent(link)}`);
}

/** The page's own address of a view that is shared. */
export function pageAddress(link: string): string {
  return `/?vue=${link.slice(link.lastIndexOf("/") + 1)}`;
}

/** The link that an address of the page names, if any. */
export function linkOf(search: string): string | null {
  return new URLSearchParams(search).get("vue") || null;
}

/** Signing in goes on at this fragment of the page. */
export function signInAddress(fragment: string): string {
  return `/connexion?${new URLSearchParams({ next: `/${fragment}` })}`;
}

/** The problem of a name beside those of the other views; null: none. */
export function nameProblem(name: string, others: readonly SavedView[]): Key | null {
  if (name === "") return "nameEmpty";
  if ([...name].length > MOST_NAME_CHARACTERS) return "nameLong";
  return others.some((other) => other.name === name) ? "nameTaken" : null;
}

/**
 * The views of one person. A change names the version that was opened or saved here, or else listed, so that it never replaces what
 * somebody saved since: AnswerError 412. Another person's session is as good as none: AnswerError 401.
 */
export class SavedViews {
  #account: Account;
  readonly #shown = new Map<string, number>();

  constructor(account: Account) {
    this.#account = account;
  }

  /** All, by name. `afresh`: what was opened before is forgotten, and changes are of what is listed now. */
  async list({ afresh = false } = {}): Promise<readonly SavedView[]> {
    const views: SavedView[] = [];
    let path: string | null = `${VIEWS}?limite=${MOST_ROWS}`;
    while (path !== null) {
      const page: SavedViewsPage = await ask<SavedViewsPage>(path);
      views.push(...page.elements);
      path = page.suivant;
    }
    if (afresh) this.#shown.clear();
    return views.sort((a, b) => a.name.localeCompare(b.name));
  }

  async create(name: string, parameters: ViewParameters): Promise<SavedView> {
    return this.show(await this.#send<SavedView>(VIEWS, "POST", { body: { name, parameters } }));
  }

  async change(view: SavedView, changed: ViewChange): Promise<SavedView> {
    return this.show(await this.#send<SavedView>(pathOf(view), "PATCH", { body: changed, version: this.#versionOf(view) }));
  }

  remove(view: SavedView): Promise<null> {
    return this.#send<null>(pathOf(view), "DELETE", { version: this.#versionOf(view) });
  }

  /** This version of it is what the person has seen. */
  show(view: SavedView): SavedView {
    this.#shown.set(view.id, view.version);
    return view;
  }

  #versionOf(view: SavedView): number {
    return this.#shown.get(view.id) ?? view.version;
  }

  /** Signing in elsewhere makes a new token: a refusal is tried once more with it. */
  async #send<Answer>(path: string, method: Change["method"], { body, version }: { body?: unknown; version?: number }): Promise<Answer> {
    const send = () => ask<Answer>(path, {
      change: { method, body, headers: { "X-CSRFToken": this.#account.csrfToken, ...(version !== undefined && { "If-Match": `"${version}"` }) } },
    });
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof AnswerError && (error.status === 401 || error.status === 403))) throw error;
      const account = await readAccount();
      if (account?.user !== this.#account.user) throw new AnswerError(401, "signed out");
      this.#account = account;
      return send();
    }
  }
}

function pathOf({ id }: SavedView): string {
  return `${VIEWS}/${id}`;
}
