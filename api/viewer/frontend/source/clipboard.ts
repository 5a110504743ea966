// Hands a text to the clipboard.

/** Resolves to false where copying is forbidden, or the context is not secure. */
export async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
