// Which addresses may be linked.

/** The address as an http(s) URL, or null: nothing else is ever linked. */
export function webAddress(text: string | null): string | null {
  const url = URL.parse(text ?? "");
  return url && (url.protocol === "https:" || url.protocol === "http:") ? url.href : null;
}
