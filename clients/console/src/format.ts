// Money, times and names as people of the chosen language write them.
import { useSyncExternalStore } from "react";
import type { Money } from "@sebez/sdk";
import { spoken } from "./texts/index.ts";

const made = new Map<string, Intl.NumberFormat>();

export function money({ amount, currency }: Money, negative = false): string {
  const key = `${spoken()} ${currency}`;
  let format = made.get(key);
  if (!format) {
    format = new Intl.NumberFormat(spoken(), { style: "currency", currency, currencyDisplay: "narrowSymbol" });
    made.set(key, format);
  }
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  const text = format.format((negative ? 0 - amount : amount) / 10 ** digits);
  return `\u2066${text.replace(/[\u200e\u200f]/g, "")}\u2069`; // from left to right among Arabic, too
}

export function less(a: Money, b: Money): Money {
  return { amount: a.amount - b.amount, currency: a.currency };
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000],
];

/** "in 2 days", "5 minutes ago". */
export function relative(time: string, now: number): string {
  const ms = Date.parse(time) - now;
  const format = new Intl.RelativeTimeFormat(spoken(), { numeric: "auto", style: "short" });
  for (const [unit, length] of UNITS)
    if (Math.abs(ms) >= length) return format.format(Math.trunc(ms / length), unit);
  return format.format(0, "second"); // "now"
}

export function moment(time: string): string {
  const date = new Date(time);
  const year = date.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" as const };
  return new Intl.DateTimeFormat(spoken(), {
    day: "numeric", month: "short", ...year, hour: "numeric", minute: "2-digit",
  }).format(date);
}

export function number(value: number): string {
  return new Intl.NumberFormat(spoken()).format(value);
}

export function country(code: string): string {
  try {
    return new Intl.DisplayNames(spoken(), { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

let now = Date.now();
const listeners = new Set<() => void>();
setInterval(() => {
  now = Date.now();
  for (const listener of listeners) listener();
}, 20_000);

/** The time of day, for what says how long something takes. */
export function useNow(): number {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, () => now);
}

export function timeOf(time: string): string {
  return new Intl.DateTimeFormat(spoken(), { hour: "numeric", minute: "2-digit" }).format(new Date(time));
}

/** The day of a moment, where the person is. */
export function dayOf(time: string, today: string, yesterday: string): string {
  const date = new Date(time);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(time).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return today;
  if (days === 1) return yesterday;
  const year = date.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" as const };
  return new Intl.DateTimeFormat(spoken(), { weekday: "long", day: "numeric", month: "long", ...year }).format(date);
}

/** With its sign, which an amount of a ledger needs. */
export function signed(amount: Money): string {
  return amount.amount > 0 ? money(amount).replace("\u2066", "\u2066+") : money(amount);
}

/** A day of UTC, such as 2026-02-28. */
export function dayShort(day: string): string {
  return new Intl.DateTimeFormat(spoken(), { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(day));
}

export function dayLong(time: string): string {
  return new Intl.DateTimeFormat(spoken(), { day: "numeric", month: "long", year: "numeric" }).format(new Date(time));
}

export function monthOf(day: string): string {
  return new Intl.DateTimeFormat(spoken(), { month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(day));
}
