// The user's saved views: listed, opened, saved, shared; or the way to sign in and back.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { readParameters, toAddress, toParameters } from "../address.ts";
import { AnswerError } from "../answers.ts";
import type { SavedView } from "../api-types.ts";
import { SavedViews, nameProblem, readAccount, signInAddress, type Account } from "../saved-views.ts";
import type { State, Viewer } from "../viewer.ts";
import { word } from "../words.ts";
import { Menu } from "./menu.tsx";
import { NameForm } from "./name-form.tsx";
import { ViewRow } from "./view-row.tsx";

/** A failure as text, and its remedy. */
interface Failure {
  readonly text: string;
  readonly remedy: "reload" | "signIn" | null;
}

/** The view that something is done to, and the name that it should get. */
interface Subject {
  readonly name?: string;
  readonly wanted?: string | undefined;
}

export function Views({ state, viewer }: { state: State; viewer: Viewer }) {
  const [account, know] = useState<Account | null | undefined>();
  const { choice, outage: { isOffline } } = state;
  useEffect(() => {
    // Somebody may sign in or out in another tab.
    const look = () => !document.hidden && void readAccount().then(know, () => {}); // unknown while nobody answers
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [isOffline]);
  if (account === undefined) return null;
  if (account === null) return <a id="sign-in" class="sign-in" href={signInAddress(toAddress(choice))}>{word("signIn")}</a>;
  return <ViewsMenu key={account.user} account={account} state={state} viewer={viewer} />;
}

function ViewsMenu({ account, state: { choice }, viewer }: { account: Account; state: State; viewer: Viewer }) {
  const saved = useMemo(() => new SavedViews(account), [account.user]);
  const [isOpen, open] = useState(false);
  const [views, list] = useState<readonly SavedView[] | null>(null);
  const [message, setMessage] = useState("");
  const [failure, fail] = useState<Failure | null>(null);
  const isChanging = useRef(false), nAsked = useRef(0);

  /** The answer to an older question never replaces a newer one's. */
  const reload = async (options?: { afresh: boolean }) => {
    const n = ++nAsked.current, read = await saved.list(options);
    if (n === nAsked.current) list(read);
  };
  const report = async (act: () => Promise<string>, about: Subject = {}): Promise<boolean> => {
    fail(null);
    setMessage("");
    try {
      const done = await act();
      if (done) setMessage(done);
      return true;
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      const others = error.status === 409 ? await saved.list().catch(() => []) : [];
      fail(failureOf(error, { ...about, user: account.user, isTaken: others.some(({ name }) => name === about.wanted) }));
      return false;
    }
  };
  /** Resolves to true where it was done; the page shows the failure otherwise. A double click is one change. */
  const change = async (act: () => Promise<unknown>, done: string, about: Subject): Promise<boolean> => {
    if (isChanging.current) return false;
    isChanging.current = true;
    const isDone = await report(async () => {
      await act();
      await reload().catch(() => fail({ text: word("viewsUnread"), remedy: "reload" }));
      return done;
    }, about);
    isChanging.current = false;
    return isDone;
  };
  const toggle = (isWanted: boolean) => {
    open(isWanted);
    void report(async () => (isWanted && (await reload()), ""));
  };
  const openView = (view: SavedView) => {
    saved.show(view);
    const given = readParameters(view.parameters, choice.language), opened = { ...given, symbol: given.symbol ?? choice.symbol };
    if (toAddress(opened) !== location.hash) history.pushState(null, "", location.href); // Back goes to what was seen before
    viewer.choose(opened);
    open(false);
    setMessage(word("viewOpened", { name: view.name }));
    document.getElementById("views")?.focus();
  };
  const parameters = () => toParameters(choice);
  return (
    <>
      <Menu id="views" label={word("views")} isOpen={isOpen} onOpen={toggle}>
        <p class="who"><b>{word("viewsOf", { user: account.user })}</b><a href="/deconnexion">{word("signOut")}</a></p>
        {views?.length === 0 && <p class="message">{word("viewsNone")}</p>}
        {views === null && failure === null && <p class="message">{word("reading")}</p>}
        <ul id="views-list" class="views-list">
          {isOpen && views?.map((view) => (
            <ViewRow key={view.id} view={view} choice={choice} onOpen={() => openView(view)} onMessage={setMessage}
              problemOf={(name) => nameProblem(name, views.filter(({ id }) => id !== view.id))}
              onChange={(changed, done) => change(() => saved.change(view, changed), done, { name: view.name, wanted: changed.name })}
              onOverwrite={() => change(() => saved.change(view, { parameters: parameters() }), word("viewOverwritten", { name: view.name }), view)}
              onDelete={() => change(() => saved.remove(view), word("viewDeleted", { name: view.name }), view).then((isDone) => isDone && focusMenu())} />
          ))}
        </ul>
        <NameForm id="view-name" label={word("viewName")} action={word("viewSave")} problemOf={(name) => nameProblem(name, views ?? [])}
          onName={(name) => change(() => saved.create(name, parameters()), word("viewSaved", { name }), { name, wanted: name })} />
        <p id="views-message" role="status" class="message">{message}</p>
        <div id="views-failure" role="alert" class={failure ? "failure" : ""}>
          {failure?.text}
          {failure?.remedy === "reload" && (
            <button type="button" class="small" onClick={() => {
              focusMenu();
              void report(async () => (await reload({ afresh: true }), word("viewsReread")));
            }}>{word("viewsReload")}</button>
          )}
          {failure?.remedy === "signIn" && <a href={signInAddress(toAddress(choice))} target="_blank" rel="noopener">{word("signInAgain")}</a>}
        </div>
      </Menu>
      <p id="views-opened" role="status" class="hidden">{isOpen ? "" : message}</p>
    </>
  );
}

/** A button that is gone leaves the focus to nothing; the menu takes it. */
function focusMenu(): void {
  document.getElementById("views-menu")?.focus();
}

function failureOf(error: AnswerError, { name = "", user, isTaken }: Subject & { user: string; isTaken: boolean }): Failure {
  const { status } = error;
  if (isTaken) return { text: word("nameTaken"), remedy: "reload" };
  if (status === 412) return { text: word("viewChanged", { name }), remedy: "reload" };
  if (status === 404) return { text: word("viewGone", { name }), remedy: "reload" };
  if (status === 401) return { text: word("viewsSignedOut", { user }), remedy: "signIn" };
  if (error.isOutage || status === 503) return { text: word("viewsOffline"), remedy: "reload" };
  return { text: word("viewRefused", { detail: error.message }), remedy: null };
}
