// Headlines: the newest, or those behind one point of the sentiment chart, with the terms that carried their score.
// The texts of one story are folded under its newest.

import { useEffect, useRef } from "preact/hooks";
import type { Text } from "../points.ts";
import { foldStories, type Story } from "../stories.ts";
import type { State, Viewer } from "../viewer.ts";
import { formatAge, formatNumber, formatScore, formatShare, formatSpan, formatTime, word, type Key } from "../words.ts";
import { OriginBadge } from "./badges.tsx";
import { stateText } from "./states.ts";
import { webAddress } from "./web-address.ts";

const N_SHOWN = 12;

export function Texts({ state, viewer }: { state: State; viewer: Viewer }) {
  const { texts, choice, dataset } = state, isOpen = choice.at !== null;
  const heading = useRef<HTMLHeadingElement>(null), span = viewer.textSpan;
  useEffect(() => {
    if (choice.at !== null && !document.activeElement?.closest("#charts")) heading.current?.scrollIntoView({ block: "nearest" });
  }, [choice.at]);
  const stories = foldStories(texts.points), shown = isOpen ? stories : stories.slice(0, N_SHOWN);
  const bucket = dataset?.sentiment.points.find(({ time }) => time === span?.from);
  return (
    <section id="texts" class="list" data-series="texts" data-items={shown.length} data-open={isOpen}>
      <h2 ref={heading}>
        <span>{isOpen && span ? word("textsAt", { time: formatSpan(span) }) : word("texts")}</span>
        {isOpen && <button id="back" type="button" class="small" onClick={() => viewer.openTexts(null)}>{`← ${word("back")}`}</button>}
      </h2>
      <p class="state" role="status" hidden={shown.length > 0}>{shown.length > 0 ? "" : stateText("texts", texts)}</p>
      <ol tabIndex={0} aria-label={word("texts")}>{shown.map((story) => <Item key={story.newest.storyId ?? story.newest.id} text={story.newest} story={story} now={state.now} isOpen={isOpen} />)}</ol>
      {isOpen && bucket && bucket.count > texts.points.length && <p class="note">{word("moreTexts", { n: formatNumber(texts.points.length), all: formatNumber(bucket.count) })}</p>}
    </section>
  );
}

function Item({ text, story, now, isOpen }: { text: Text; story?: Story; now: number; isOpen: boolean }) {
  const { score, label, source, origin, time, terms } = text;
  // An address that a generator made leads nowhere.
  const address = origin === "generated" ? null : webAddress(text.url);
  return (
    <li data-id={text.id}>
      <span class={`score ${label}`} title={[labelText(label), ...probabilities(text)].join(", ")}>{score === null ? "–" : formatScore(score)}</span>
      <div>
        {address ? <a class="title" href={address} target="_blank" rel="noopener noreferrer">{text.title}</a> : <span class="title">{text.title}</span>}
        {terms.length > 0 && (
          <ul class="terms" aria-label={word("terms")}>{terms.map((term) => <li key={term}>{term}</li>)}</ul>
        )}
        <p class="meta">
          {labelText(label)} · {source} · <time dateTime={new Date(time).toISOString()} title={formatTime(time)}>{isOpen ? formatTime(time, "short") : formatAge((now - time) / 1_000)}</time>
          {isOpen && ` · ${text.model}`}
          <OriginBadge origins={[origin]} />
        </p>
        {story && <Others story={story} now={now} isOpen={isOpen} />}
      </div>
    </li>
  );
}

/** How many sources have told a story; unfolded, its other texts. */
function Others({ story: { others, nSources }, now, isOpen }: { story: Story; now: number; isOpen: boolean }) {
  const told = nSources > 1 ? word("sourcesN", { n: formatNumber(nSources) }) : word("textsN", { n: formatNumber(others.length + 1) });
  if (others.length === 0) return nSources > 1 ? <p class="meta told">{told}</p> : null;
  return (
    <details class="told">
      <summary>{told}</summary>
      <ol aria-label={word("sameStory")}>{others.map((text) => <Item key={text.id} text={text} now={now} isOpen={isOpen} />)}</ol>
    </details>
  );
}

const LABELS: Readonly<Record<string, Key>> = { positive: "labelPositive", neutral: "labelNeutral", negative: "labelNegative", unscored: "labelUnscored", unsure: "labelUnsure" };

/** What the model's probabilities are, the likeliest first; nothing of a model without any. */
function probabilities({ negative, neutral, positive }: Text): string[] {
  const shares = Object.entries({ negative, neutral, positive }).filter((entry): entry is [string, number] => entry[1] !== null);
  return shares.sort((a, b) => b[1] - a[1]).map(([label, share]) => `${labelText(label)} ${formatShare(share)}`);
}

function labelText(label: string): string {
  const key = Object.hasOwn(LABELS, label) ? LABELS[label] : undefined;
  return key ? word(key) : label;
}
