// Texts in the language of the person. English is the shape; the others come when they are chosen.
import { useSyncExternalStore } from "react";
import { currentPrefs, type Language } from "../prefs.ts";
import en from "./en.ts";

export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Key = keyof typeof en;
export type Texts = { [K in Key]: (typeof en)[K] extends string ? string : Plural };
type Values = Record<string, string | number>;

const LOAD: Record<Exclude<Language, "en">, () => Promise<{ default: Texts }>> = {
  am: () => import("./am.ts"),
  ar: () => import("./ar.ts"),
  fr: () => import("./fr.ts"),
};

let texts: Texts = en;
let language: Language = "en";
const listeners = new Set<() => void>();

export async function speak(wanted: Language): Promise<void> {
  const next = wanted === "en" ? en : (await LOAD[wanted]()).default;
  if (wanted !== currentPrefs().language) return; // another was chosen meanwhile
  texts = next;
  language = wanted;
  for (const listener of listeners) listener();
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value ?? whole;
  });
}

export function t(key: Key, values: Values = {}): string {
  const text: string | Plural = texts[key];
  if (typeof text === "string") return fill(text, values);
  const rule = new Intl.PluralRules(language).select(Number(values["count"] ?? 0));
  return fill(text[rule] ?? text.other, values);
}

/** Draws the component again when the language changes. */
export function useT(): typeof t {
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, () => texts);
  return t;
}

export function spoken(): Language {
  return language;
}
