// Choosing a product, or an order, whose card the customer sees.
import { useQuery, keepPreviousData } from "@tanstack/react-query";
import type { SendMessageInput, VendorConversation } from "@sebez/sdk";
import { useEffect, useState } from "react";
import { money } from "../../format.ts";
import { sebez } from "../../sebez.ts";
import { useShop } from "../../shop.ts";
import { useT } from "../../texts/index.ts";
import { Avatar, Choice, Dialog, Field, Picture, Skeleton } from "../../ui/index.tsx";

export interface Card {
  title: string;
  input: Omit<SendMessageInput, "client_id">;
}
const FIND_MS = 200;
const SHOWN = 8;

function useLater(text: string): string {
  const [late, setLate] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setLate(text.trim()), FIND_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return late;
}

function useProducts(q: string, isWanted: boolean) {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "products", "cards", q], enabled: isWanted, placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => (await sebez.listVendorProducts(
      { vendor_id: shop.id, status: "active", limit: SHOWN, ...(q ? { q } : {}) }, { signal })).items,
  });
}

function useOrders(q: string, isWanted: boolean) {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "queue", "cards", q], enabled: isWanted, placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => (await sebez.listSubOrders(
      { vendor_id: shop.id, limit: 50, ...(q ? { q } : {}) }, { signal })).items,
  });
}

export function CardDialog({ talk, onClose, onChoose }:
    { talk: VendorConversation; onClose: () => void; onChoose: (card: Card) => void }) {
  const t = useT();
  const [kind, setKind] = useState<"product" | "order">("product");
  const [text, setText] = useState("");
  const q = useLater(text);
  const products = useProducts(q, kind === "product");
  const orders = useOrders(q, kind === "order");
  const own = (orders.data ?? []).filter((each) => each.customer.name === talk.customer.name).slice(0, SHOWN);
  const isPending = kind === "product" ? products.isPending : orders.isPending;
  const isEmpty = kind === "product" ? products.data?.length === 0 : orders.data && own.length === 0;
  return (
    <Dialog title={t("card")} about={t("card_about")} onClose={onClose}>
      <div className="stack">
        <Choice label={t("card")} value={kind} onChange={setKind} options={{ product: t("card_product"), order: t("card_order") }} />
        <Field label={t(kind === "product" ? "card_find_product" : "card_find_order")} value={text} autoFocus dir="auto" maxLength={100}
          onChange={(event) => setText(event.target.value)} />
        {isPending && <Skeleton lines={4} />}
        {isEmpty && <p className="quiet">{t("card_none")}</p>}
        <ul className="choices">
          {kind === "product" && products.data?.map((each) => (
            <li key={each.id}>
              <button type="button" className="choice-row" onClick={() => onChoose({ title: each.title, input: { product_id: each.id } })}>
                <Picture url={each.images[0]?.variants.find((one) => one.format === "webp")?.url ?? each.images[0]?.url} name={each.title} />
                <b className="grow"><bdi>{each.title}</bdi></b><span>{money(each.price)}</span>
              </button>
            </li>
          ))}
          {kind === "order" && own.map((each) => (
            <li key={each.id}>
              <button type="button" className="choice-row" onClick={() => onChoose({ title: each.number, input: { sub_order_id: each.id } })}>
                <Avatar name={each.customer.name} square />
                <span className="grow"><b dir="ltr">{each.number}</b> <span className="quiet">{t(`status_${each.status}`)}</span></span><span>{money(each.total)}</span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
