// Hands a text to the clipboard.

/** Whether it went there; not where that is forbidden, or the context is not secure. */
export async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
