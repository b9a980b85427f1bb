// How many open sub-orders and conversations there are.
import type { SubOrderCounts, SubOrderStatus, VendorState } from "@sebez/sdk";

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

export function countsOf(by: SubOrderCounts | undefined): Record<Tab, number | null> {
  if (!by) return { accept: null, pack: null, ship: null, way: null, delivered: null, all: null };
  return {
    accept: by.placed, pack: by.accepted, ship: by.packed + by.partially_shipped, way: by.shipped,
    delivered: by.delivered, all: null,
  };
}

/** Conversations whose last words are the customer's. */
export function unanswered(state: VendorState | null): number {
  return Object.values(state?.conversations ?? {}).filter((talk) => talk.status === "open"
    && talk.last_message?.author === "customer").length;
}
