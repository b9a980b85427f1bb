// Reading and changing sub-orders. What a change makes of an order is shown at once, and corrected by
// the server's answer.
import { useQuery, useQueryClient, keepPreviousData, type QueryClient } from "@tanstack/react-query";
import type { SubOrderStatus, VendorSubOrder, VendorSubOrderListItem } from "@sebez/sdk";
import { countsOf, TABS, type Tab } from "./counts.ts";
import { say } from "./problems.ts";
import { sebez } from "./sebez.ts";
import { useShop } from "./shop.ts";
import { t } from "./texts/index.ts";
import { tell } from "./ui/toasts.tsx";

export interface Queue {
  items: VendorSubOrderListItem[];
  more: boolean;
}

type Given = Parameters<typeof sebez.listSubOrders>[0];
const PAGE = 100;
/** Calls at once, when several orders are accepted. */
const AT_ONCE = 8;

/** When it must be accepted or shipped; what has no deadline is last. */
export function dueOf(item: VendorSubOrderListItem): string {
  return item.deadlines.accept_by ?? item.deadlines.ship_by ?? "9";
}

async function readStatus(input: Given, most: number, signal: AbortSignal): Promise<Queue> {
  const items: VendorSubOrderListItem[] = [];
  for await (const item of sebez.all("listSubOrders", input, { signal })) {
    if (items.length === most) return { items, more: true };
    items.push(item);
  }
  return { items, more: false };
}

/** A queue of several states is put together of the lists of each, which are in the same order. */
async function readQueue(vendor: string, tab: Tab, q: string, most: number, signal: AbortSignal): Promise<Queue> {
  const sort = tab === "accept" || tab === "pack" || tab === "ship" ? "due" : "newest";
  const input = { vendor_id: vendor, limit: Math.min(PAGE, most), sort, ...(q ? { q } : {}) } as const;
  const parts = await Promise.all((TABS[tab] ?? [undefined]).map((status) =>
    readStatus(status ? { ...input, status } : input, most, signal)));
  const [only, ...others] = parts;
  if (only && others.length === 0) return only;
  const items = parts.flatMap((part) => part.items).sort((a, b) => (dueOf(a) < dueOf(b) ? -1 : 1));
  return { items: items.slice(0, most), more: parts.some((part) => part.more) || items.length > most };
}

export function useQueue(tab: Tab, q: string, most: number) {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "queue", tab, q, most],
    queryFn: ({ signal }) => readQueue(shop.id, tab, q, most, signal),
    placeholderData: keepPreviousData,
  });
}

/** How many orders wait in each queue; null while that is not known. */
export function useCounts(): Record<Tab, number | null> {
  const shop = useShop();
  const { data } = useQuery({
    queryKey: ["shop", shop.id, "queue", "counts"],
    queryFn: ({ signal }) => sebez.countSubOrders({ vendor_id: shop.id }, { signal }),
  });
  return countsOf(data);
}

export function useOrder(id: string) {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "order", id],
    queryFn: ({ signal }) => sebez.getSubOrder({ vendor_id: shop.id, sub_order_id: id }, { signal }),
  });
}

export function useHistory(order: VendorSubOrder) {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "order", order.id, "history"],
    queryFn: ({ signal }) => sebez.getSubOrderHistory({ vendor_id: shop.id, sub_order_id: order.id }, { signal }),
  });
}

function isList({ queryKey }: { queryKey: readonly unknown[] }): boolean {
  return queryKey[3] !== "counts";
}

function shownStatus(queries: QueryClient, vendor: string, id: string): SubOrderStatus | undefined {
  const lists = queries.getQueriesData<Queue>({ queryKey: ["shop", vendor, "queue"], predicate: isList });
  return queries.getQueryData<VendorSubOrder>(["shop", vendor, "order", id])?.status
    ?? lists.flatMap(([, queue]) => queue?.items ?? []).find((item) => item.id === id)?.status;
}

function showStatus(queries: QueryClient, vendor: string, id: string, status: SubOrderStatus): void {
  queries.setQueriesData<Queue>({ queryKey: ["shop", vendor, "queue"], predicate: isList }, (queue) => queue && {
    ...queue, items: queue.items.map((item) => (item.id === id ? { ...item, status } : item)),
  });
  queries.setQueryData<VendorSubOrder>(["shop", vendor, "order", id], (order) => order && { ...order, status });
}

function showOrder(queries: QueryClient, vendor: string, order: VendorSubOrder): void {
  queries.setQueryData(["shop", vendor, "order", order.id], order);
  showStatus(queries, vendor, order.id, order.status);
  void queries.invalidateQueries({ queryKey: ["shop", vendor, "order", order.id, "history"] });
}

function readAgain(queries: QueryClient, vendor: string, id: string): void {
  void queries.invalidateQueries({ queryKey: ["shop", vendor, "queue"] });
  void queries.invalidateQueries({ queryKey: ["shop", vendor, "order", id] });
}

export interface Moves {
  /** True when it was done; else the person has been told why not. */
  accept(id: string, number: string): Promise<boolean>;
  pack(id: string, number: string): Promise<boolean>;
  deliver(id: string, number: string): Promise<boolean>;
  /** Accepts several; tells once. */
  acceptAll(items: { id: string; number: string }[]): Promise<void>;
  /** After an answer of a form's own call. */
  took(order: VendorSubOrder, text: string): void;
}

export function useMoves(): Moves {
  const queries = useQueryClient();
  const shop = useShop();
  const move = async (id: string, to: SubOrderStatus, call: () => Promise<VendorSubOrder>): Promise<void> => {
    const before = shownStatus(queries, shop.id, id);
    showStatus(queries, shop.id, id, to);
    try {
      showOrder(queries, shop.id, await call());
    } catch (error) {
      if (before) showStatus(queries, shop.id, id, before); // reading again may fail, too
      readAgain(queries, shop.id, id);
      throw error;
    }
  };
  const told = async (work: Promise<void>, text: string): Promise<boolean> => {
    try {
      await work;
      tell(text);
      return true;
    } catch (error) {
      tell(say(error), "bad");
      return false;
    }
  };
  const ids = (id: string) => ({ vendor_id: shop.id, sub_order_id: id });
  const accept = (id: string) => move(id, "accepted", () => sebez.acceptSubOrder(ids(id)));
  return {
    accept: (id, number) => told(accept(id), t("done_accept", { number })),
    pack: (id, number) => told(move(id, "packed", () => sebez.packSubOrder(ids(id))), t("done_pack", { number })),
    deliver: (id, number) => told(move(id, "delivered", () => sebez.deliverSubOrder(ids(id))),
      t("done_deliver", { number })),
    async acceptAll(items) {
      const answers: PromiseSettledResult<void>[] = [];
      for (let at = 0; at < items.length; at += AT_ONCE)
        answers.push(...await Promise.allSettled(items.slice(at, at + AT_ONCE).map((item) => accept(item.id))));
      const failed = answers.find((answer) => answer.status === "rejected");
      const done = answers.filter((answer) => answer.status === "fulfilled").length;
      if (!failed) tell(t("accepted_all", { count: done }));
      else tell(t("accepted_some", { done, count: items.length, problem: say(failed.reason) }), "bad");
    },
    took(order, text) {
      showOrder(queries, shop.id, order);
      void queries.invalidateQueries({ queryKey: ["shop", shop.id, "queue"] });
      tell(text);
    },
  };
}
