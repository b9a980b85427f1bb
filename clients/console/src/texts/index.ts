// Texts in the language of the person. What every page needs comes with the first page, in English
// with the program; what an area needs comes with its pages.
import { useSyncExternalStore } from "react";
import { currentPrefs, type Language } from "../prefs.ts";
import en from "./en.ts";
import type inbox from "./inbox/en.ts";
import type money from "./money/en.ts";

export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
type Shape<T> = { [K in keyof T]: T[K] extends string ? string : Plural };
export type Texts = Shape<typeof en>;
export type InboxTexts = Shape<typeof inbox>;
export type MoneyTexts = Shape<typeof money>;
type All = Texts & InboxTexts & MoneyTexts;
export type Key = keyof All;
export type Area = "inbox" | "money";
type Values = Record<string, string | number>;
type Load<T> = () => Promise<{ default: T }>;

const LOAD: Record<Exclude<Language, "en">, Load<Texts>> = {
  am: () => import("./am.ts"),
  ar: () => import("./ar.ts"),
  fr: () => import("./fr.ts"),
};
const AREAS: Record<Area, Record<Language, Load<Partial<All>>>> = {
  inbox: {
    en: () => import("./inbox/en.ts"), am: () => import("./inbox/am.ts"), ar: () => import("./inbox/ar.ts"),
    fr: () => import("./inbox/fr.ts"),
  },
  money: {
    en: () => import("./money/en.ts"), am: () => import("./money/am.ts"), ar: () => import("./money/ar.ts"),
    fr: () => import("./money/fr.ts"),
  },
};

let texts: Partial<All> = en;
let language: Language = "en";
const areas = new Set<Area>();
const listeners = new Set<() => void>();

async function load(wanted: Language): Promise<Partial<All>> {
  const base = wanted === "en" ? en : (await LOAD[wanted]()).default;
  const more = await Promise.all([...areas].map((area) => AREAS[area][wanted]()));
  return Object.assign({}, base, ...more.map((each) => each.default)) as Partial<All>;
}

export async function speak(wanted: Language): Promise<void> {
  const next = await load(wanted);
  if (wanted !== currentPrefs().language) return; // another was chosen meanwhile
  texts = next;
  language = wanted;
  for (const listener of listeners) listener();
}

/** Before a page of the area is shown. */
export async function learn(area: Area): Promise<void> {
  if (areas.has(area)) return;
  const more = (await AREAS[area][language]()).default;
  areas.add(area);
  texts = { ...texts, ...more };
  if (language !== currentPrefs().language) await speak(currentPrefs().language);
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value ?? whole;
  });
}

export function t(key: Key, values: Values = {}): string {
  const text: string | Plural = texts[key] ?? key;
  if (typeof text === "string") return fill(text, values);
  const rule = new Intl.PluralRules(language).select(Number(values["count"] ?? 0));
  return fill(text[rule] ?? text.other, values);
}

/** The text of a value of the contract, which may get values that this version does not know. */
export function named(kind: string, value: string): string {
  const text = texts[`${kind}_${value}` as Key];
  return typeof text === "string" ? text : value.replaceAll("_", " ");
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
