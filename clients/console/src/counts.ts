// How many open sub-orders and conversations there are, from the live state.
import type { SubOrderStatus, VendorState } from "@sebez/sdk";

export type Tab = "accept" | "pack" | "ship" | "way" | "delivered" | "all";

/** The states that a queue shows; null for all. */
export const TABS: Record<Tab, SubOrderStatus[] | null> = {
  accept: ["placed"],
  pack: ["accepted"],
  ship: ["packed", "partially_shipped"],
  way: ["shipped"],
  delivered: ["delivered"],
  all: null,
};
export const TAB_NAMES = Object.keys(TABS) as Tab[];

export function tabOf(status: SubOrderStatus): Tab {
  return TAB_NAMES.find((tab) => TABS[tab]?.includes(status)) ?? "all";
}

export function counted(state: VendorState | null): Record<Tab, number | null> {
  const counts: Record<Tab, number | null> = { accept: 0, pack: 0, ship: 0, way: 0, delivered: 0, all: null };
  if (!state) return { accept: null, pack: null, ship: null, way: null, delivered: null, all: null };
  for (const part of Object.values(state.sub_orders)) {
    const tab = tabOf(part.status);
    if (tab !== "all") counts[tab] = (counts[tab] ?? 0) + 1;
  }
  return counts;
}

/** Conversations whose last words are the customer's. */
export function unanswered(state: VendorState | null): number {
  return Object.values(state?.conversations ?? {}).filter((talk) => talk.status === "open"
    && talk.last_message?.author === "customer").length;
}
