// What the vendor has earned, and where it went.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { LedgerLine, Payout, SalesBy, SalesReport } from "@sebez/sdk";
import { sebez } from "./sebez.ts";
import { useShop } from "./shop.ts";

const PAGE = 100;
/** Releases and the start of payouts have no events: what is shown is asked for again. */
const RENEWED = { staleTime: 0, refetchInterval: 3 * 60_000 } as const;

async function first<T>(pages: AsyncIterable<T>, most: number): Promise<{ items: T[]; more: boolean }> {
  const items: T[] = [];
  for await (const item of pages) {
    if (items.length === most) return { items, more: true };
    items.push(item);
  }
  return { items, more: false };
}

export function useBalance() {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "money", "balance"], ...RENEWED,
    queryFn: ({ signal }) => sebez.getBalance({ vendor_id: shop.id }, { signal }),
  });
}

/** Sales from a day to another, both included. */
export function useSales(by: SalesBy, from: string, to: string) {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "money", "sales", by, from, to], placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      await sebez.reportSales({ vendor_id: shop.id, by, from, to, limit: PAGE }, { signal }) as SalesReport,
  });
}

export function useLedger(most: number) {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "money", "ledger", most], ...RENEWED, placeholderData: keepPreviousData,
    queryFn: ({ signal }): Promise<{ items: LedgerLine[]; more: boolean }> =>
      first(sebez.all("listLedger", { vendor_id: shop.id, limit: Math.min(PAGE, most) }, { signal }), most),
  });
}

export function usePayouts() {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "money", "payouts"], ...RENEWED,
    queryFn: ({ signal }): Promise<{ items: Payout[]; more: boolean }> =>
      first(sebez.all("listPayouts", { vendor_id: shop.id, limit: PAGE }, { signal }), 500),
  });
}

export function useStatements() {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "money", "statements"],
    queryFn: async ({ signal }) => (await sebez.listStatements({ vendor_id: shop.id }, { signal })).items,
  });
}

export function usePayoutAccount() {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "money", "account"],
    queryFn: ({ signal }) => sebez.getPayoutAccount({ vendor_id: shop.id }, { signal }),
  });
}

/** Saves a text that the server has made as a file. */
export async function save(name: string, text: Promise<unknown>): Promise<void> {
  const blob = new Blob([String(await text)], { type: "text/csv" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
