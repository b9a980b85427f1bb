// What happens in a shop, as it happens: the SDK's live state, and what it makes stale.
import type { QueryClient } from "@tanstack/react-query";
import { live, SebezProblem, type Event, type PassingEvent, type VendorState } from "@sebez/sdk";
import { useEffect, useSyncExternalStore } from "react";
import { sebez } from "./sebez.ts";

export interface Live {
  vendor: string;
  state: VendorState | null;
  /** Why it is followed no more: the session ended, for example. */
  problem: SebezProblem | null;
  /** The last call was answered. */
  connected: boolean;
  /** Sub-orders that came while the page was open, newest last. */
  arrived: readonly string[];
}

const NOTHING: Live = { vendor: "", state: null, problem: null, connected: false, arrived: [] };
const REST_MS = 200; // a burst of events asks for a list once

let current = NOTHING;
const listeners = new Set<() => void>();
const watchers = new Set<(event: Event | null, passing: PassingEvent | null) => void>();

function become(change: Partial<Live>): void {
  current = { ...current, ...change };
  for (const listener of listeners) listener();
}

export function useLive(): Live {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, () => current);
}

/** Sees each event of the open shop. */
export function useEvents(see: (event: Event | null, passing: PassingEvent | null) => void): void {
  useEffect(() => {
    watchers.add(see);
    return () => void watchers.delete(see);
  }, [see]);
}

/** Kinds of events after which balances may differ. */
const OF_MONEY = ["sub_order_changed", "payment_received", "payment_refunded", "refund_granted", "chargeback_changed", "payout_paid",
  "payout_failed", "payout_account_changed", "dispute_changed"];

function staleKeys(vendor: string, event: Event | null): string[][] {
  const money = event && OF_MONEY.includes(event.kind) ? [["shop", vendor, "money"]] : [];
  return [...money, ...staleOf(vendor, event)];
}

function staleOf(vendor: string, event: Event | null): string[][] {
  if (event === null) return [["shop", vendor]];
  if (event.kind === "sub_order_changed")
    return [["shop", vendor, "queue"], ["shop", vendor, "order", event.payload.id]];
  const talk = (event.payload as { conversation_id?: string }).conversation_id;
  if (event.kind === "payment_received" || event.kind === "payment_refunded")
    return [["shop", vendor, "queue"], ["shop", vendor, "order"]];
  if (talk) return [["shop", vendor, "inbox"], ["shop", vendor, "talk", talk]];
  return [];
}

/**
 * Follows a shop until it is told to end. A state that was read, not folded, makes all lists stale:
 * they may have been read before it.
 */
export function follow(queries: QueryClient, vendor: string): () => void {
  const ending = new AbortController();
  const stale = new Map<string, string[]>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const renew = () => {
    timer = undefined;
    for (const key of stale.values()) void queries.invalidateQueries({ queryKey: key });
    stale.clear();
  };
  const run = async () => {
    const onTrouble = (error: unknown) => {
      if (current.connected !== (error === null)) become({ connected: error === null });
    };
    for await (const { state, event, passing } of live(sebez, { vendor_id: vendor, signal: ending.signal, onTrouble })) {
      const came = event?.kind === "sub_order_changed" && event.payload.was === null ? [event.payload.id] : [];
      become({ state, arrived: [...current.arrived, ...came].slice(-100) });
      for (const see of watchers) see(event, passing);
      if (passing) continue;
      for (const key of staleKeys(vendor, event)) stale.set(key.join(), key);
      timer ??= setTimeout(renew, REST_MS);
    }
  };
  become({ ...NOTHING, vendor });
  run().catch((error: unknown) => {
    if (ending.signal.aborted) return;
    become(error instanceof SebezProblem ? { problem: error, connected: false } : { connected: false });
  });
  return () => {
    ending.abort();
    clearTimeout(timer);
    queries.removeQueries({ queryKey: ["shop", vendor] }); // nobody would tell them what happens
  };
}
