// What a person has chosen for this browser: language, theme, density.
import { useSyncExternalStore } from "react";

export const LANGUAGES = { en: "English", am: "አማርኛ", ar: "العربية", fr: "Français" } as const;
export type Language = keyof typeof LANGUAGES;
export type Theme = "system" | "light" | "dark";
export type Density = "comfortable" | "compact";
export interface Prefs {
  language: Language;
  theme: Theme;
  density: Density;
}

const KEPT = "sebez.prefs";
const listeners = new Set<() => void>();

function isLanguage(word: string | undefined): word is Language {
  return word !== undefined && word in LANGUAGES;
}

function read(): Prefs {
  let kept: Partial<Prefs> = {};
  try {
    kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Prefs>;
  } catch {
    // Somebody wrote something else there.
  }
  const spoken = navigator.languages.map((tag) => tag.split("-")[0]).find(isLanguage);
  return {
    language: isLanguage(kept.language) ? kept.language : spoken ?? "en",
    theme: kept.theme === "light" || kept.theme === "dark" ? kept.theme : "system",
    density: kept.density === "compact" ? "compact" : "comfortable",
  };
}

let prefs = read();
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

function apply(): void {
  const root = document.documentElement;
  root.lang = prefs.language;
  root.dir = prefs.language === "ar" ? "rtl" : "ltr";
  root.dataset["theme"] = prefs.theme === "system" ? (prefersDark.matches ? "dark" : "light") : prefs.theme;
  root.dataset["density"] = prefs.density;
}

apply();
prefersDark.addEventListener("change", apply);

export function setPrefs(change: Partial<Prefs>): void {
  prefs = { ...prefs, ...change };
  localStorage.setItem(KEPT, JSON.stringify(prefs));
  apply();
  for (const listener of listeners) listener();
}

export function currentPrefs(): Prefs {
  return prefs;
}

export function usePrefs(): Prefs {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, currentPrefs);
}
