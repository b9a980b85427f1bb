// What needs the person now.
import { Link } from "@tanstack/react-router";
import { Check, Coffee, MessageSquareText, PackageOpen, Truck, type LucideIcon } from "lucide-react";
import { unanswered, type Tab } from "../counts.ts";
import { money, number, useNow } from "../format.ts";
import { dueOf, useCounts, useQueue } from "../orders.ts";
import { useLive } from "../live.ts";
import { mayTalk, useShop } from "../shop.ts";
import { useT, type Key } from "../texts/index.ts";
import { Avatar, Empty, Skeleton } from "../ui/index.tsx";
import { Due } from "./due.tsx";

const NEEDS: [Tab, LucideIcon, Key, Key][] = [
  ["accept", Check, "need_accept", "need_accept_about"],
  ["pack", PackageOpen, "need_pack", "need_pack_about"],
  ["ship", Truck, "need_ship", "need_ship_about"],
];
const URGENT_SHOWN = 6;

function Urgent() {
  const t = useT();
  const shop = useShop();
  const now = useNow();
  const [accept, pack, ship] = [useQueue("accept", "", URGENT_SHOWN), useQueue("pack", "", URGENT_SHOWN),
    useQueue("ship", "", URGENT_SHOWN)];
  if (!accept.data || !pack.data || !ship.data) return <Skeleton lines={4} />;
  const items = [...accept.data.items, ...pack.data.items, ...ship.data.items]
    .sort((a, b) => (dueOf(a) < dueOf(b) ? -1 : 1)).slice(0, URGENT_SHOWN);
  if (items.length === 0) return null;
  return (
    <section aria-labelledby="urgent">
      <h2 id="urgent" className="section-title">{t("most_urgent")}</h2>
      <ul className="urgent">
        {items.map((item) => (
          <li key={item.id}>
            <Link to="/shop/$shop/orders" params={{ shop: shop.slug }} className="urgent-row"
              search={{ tab: item.status === "placed" ? "accept" : item.status === "accepted" ? "pack" : "ship", open: item.id }}>
              <Avatar name={item.customer.name} size="small" />
              <b dir="ltr">{item.number}</b><span className="grow">{item.customer.name}</span>
              <Due item={item} now={now} /><span className="amount">{money(item.total)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Home({ name }: { name: string }) {
  const t = useT();
  const shop = useShop();
  const counts = useCounts();
  const needs = NEEDS.filter(([tab]) => (counts[tab] ?? 0) > 0);
  const isKnown = counts.accept !== null;
  const { state } = useLive();
  const toAnswer = mayTalk(shop) ? unanswered(state) : 0;
  const isCalm = isKnown && state !== null && needs.length === 0 && toAnswer === 0;
  return (
    <div className="page home">
      <header className="page-head">
        <div><h1>{t("hello", { name: name.split(" ")[0] ?? name })}</h1>{!isCalm && <p className="quiet">{t("home_about")}</p>}</div>
      </header>
      {!isKnown && <Skeleton lines={3} className="cards" />}
      {isCalm && <Empty icon={Coffee} title={t("home_calm")}>{t("home_calm_about")}</Empty>}
      <ul className="needs">
        {needs.map(([tab, Icon, title, about]) => (
          <li key={tab}>
            <Link to="/shop/$shop/orders" params={{ shop: shop.slug }} search={{ tab }} className={`need need-${tab}`}>
              <span className="need-icon"><Icon size={20} aria-hidden /></span>
              <span className="need-number" aria-hidden>{number(counts[tab] ?? 0)}</span>
              <b>{t(title, { count: counts[tab] ?? 0 })}</b>
              <span className="quiet">{t(about)}</span>
            </Link>
          </li>
        ))}
        {toAnswer > 0 && (
          <li>
            <Link to="/shop/$shop/inbox" params={{ shop: shop.slug }} className="need need-answer">
              <span className="need-icon"><MessageSquareText size={20} aria-hidden /></span>
              <span className="need-number" aria-hidden>{number(toAnswer)}</span>
              <b>{t("need_answer", { count: toAnswer })}</b>
              <span className="quiet">{t("need_answer_about")}</span>
            </Link>
          </li>
        )}
      </ul>
      {!isCalm && <Urgent />}
    </div>
  );
}
