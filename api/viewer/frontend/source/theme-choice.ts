// Light, dark, or as the system is; remembered in this browser, not in a link.

export const THEMES = ["auto", "light", "dark"] as const;
export type ThemeName = (typeof THEMES)[number];
const KEY = "theme";

export function storedTheme(): ThemeName {
  try {
    return THEMES.find((name) => name === localStorage.getItem(KEY)) ?? "auto";
  } catch {
    return "auto"; // a browser without storage
  }
}

export function applyTheme(theme: ThemeName): void {
  document.documentElement.dataset["theme"] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It lasts as long as the page, then.
  }
}
