// A name to be typed, and what is wrong with it.

import { useEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { word, type Key } from "../words.ts";

interface Properties {
  readonly id: string;
  readonly label: string;
  readonly action: string;
  readonly given?: string;
  readonly isFocused?: boolean;
  readonly problemOf: (name: string) => Key | null;
  /** Resolves to true where the name was accepted; the text stays otherwise. */
  readonly onName: (name: string) => Promise<boolean>;
  readonly children?: ComponentChildren;
}

export function NameForm({ id, label, action, given = "", isFocused = false, problemOf, onName, children }: Properties) {
  const [typed, type] = useState(given);
  const [problem, find] = useState<Key | null>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isFocused) input.current?.select();
  }, []);
  const submit = async () => {
    const name = typed.trim(), found = problemOf(name);
    find(found);
    if (found !== null) input.current?.focus();
    else if (await onName(name)) type(given);
  };
  return (
    <form class="name-form" onSubmit={(event) => {
      event.preventDefault();
      void submit();
    }}>
      <label for={id}>{label}</label>
      <input id={id} ref={input} value={typed} autocomplete="off" aria-invalid={problem !== null} aria-describedby={`${id}-problem`}
        onInput={({ currentTarget }) => {
          type(currentTarget.value);
          find(null);
        }} />
      <button>{action}</button>
      {children}
      <p id={`${id}-problem`} role="alert" class="problem">{problem && word(problem)}</p>
    </form>
  );
}
