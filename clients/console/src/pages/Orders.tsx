// The queue of orders, with the open one beside it.
import type { VendorSubOrderListItem } from "@sebez/sdk";
import { getRouteApi } from "@tanstack/react-router";
import { Check, Inbox, Search, X } from "lucide-react";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { TAB_NAMES, type Tab } from "../counts.ts";
import { money, number, relative, useNow } from "../format.ts";
import { useLive } from "../live.ts";
import { useCounts, useMoves, useQueue, type Moves } from "../orders.ts";
import { say } from "../problems.ts";
import { mayFulfil, useShop } from "../shop.ts";
import { useT } from "../texts/index.ts";
import { Avatar, Button, cx, Dot, Empty, Failed, IconButton, Kbd, Skeleton } from "../ui/index.tsx";
import { useKeys } from "../ui/keys.ts";
import { Due } from "./due.tsx";
import { OrderPanel } from "./OrderPanel.tsx";

export interface OrdersSearch {
  tab?: Tab;
  q?: string;
  open?: string;
}

const route = getRouteApi("/inside/shop/$shop/orders");
const FIRST = 100;
const FIND_MS = 200;

function Tabs({ tab, onTab }: { tab: Tab; onTab: (tab: Tab) => void }) {
  const t = useT();
  const counts = useCounts();
  return (
    <div className="tabs" role="group" aria-label={t("orders")}>
      {TAB_NAMES.map((each) => (
        <button key={each} type="button" className={cx("tab", each === tab && "is-chosen")} aria-pressed={each === tab}
          onClick={() => onTab(each)}>
          <span className="tab-name">{each !== "all" && <Dot kind={each} />}{t(`tab_${each}`)}</span>
          {each !== "all" && <span className="tab-count">{counts[each] === null ? "·" : number(counts[each])}</span>}
        </button>
      ))}
    </div>
  );
}

function Find({ q, onFind, field }: { q: string; onFind: (q: string) => void; field: React.RefObject<HTMLInputElement | null> }) {
  const t = useT();
  const [text, setText] = useState(q);
  useEffect(() => setText(q), [q]);
  useEffect(() => {
    const timer = setTimeout(() => text.trim().toUpperCase() !== q && onFind(text.trim().toUpperCase()), FIND_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div className="find" role="search">
      <Search size={16} aria-hidden />
      <input ref={field} type="search" aria-label={t("find_order")} placeholder={t("find_order")} value={text} maxLength={20}
        aria-keyshortcuts="/" onChange={(event) => setText(event.target.value)} />
      <Kbd>/</Kbd>
    </div>
  );
}

interface RowProps {
  item: VendorSubOrderListItem;
  now: number;
  isOpen: boolean;
  isHere: boolean;
  isNew: boolean;
  isChosen: boolean;
  onOpen: (id: string) => void;
  onChoose: ((id: string) => void) | null;
}

const Row = memo(function Row({ item, now, isOpen, isHere, isNew, isChosen, onOpen, onChoose }: RowProps) {
  const t = useT();
  const row = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (isHere) row.current?.scrollIntoView({ block: "nearest" });
  }, [isHere]);
  return (
    <tr ref={row} className={cx("order-row", isOpen && "is-open", isHere && "is-here", isNew && "is-new")}
      aria-current={isOpen || undefined} onClick={() => onOpen(item.id)}>
      {onChoose && (
        <td className="col-select" onClick={(event) => event.stopPropagation()}>
          <input type="checkbox" checked={isChosen} aria-label={t("select_order", { number: item.number })}
            onChange={() => onChoose(item.id)} />
        </td>
      )}
      <td className="col-order">
        <button type="button" className="link" dir="ltr" onClick={(event) => {
          event.stopPropagation();
          onOpen(item.id);
        }}>{item.number}</button>
        {isNew && <span className="badge">{t("new_badge")}</span>}
      </td>
      <td className="col-customer"><span><Avatar name={item.customer.name} size="small" /><bdi>{item.customer.name}</bdi></span></td>
      <td className="col-status"><span className="status"><Dot kind={item.status} />{t(`status_${item.status}`)}</span></td>
      <td className="col-due"><Due item={item} now={now} /></td>
      <td className="col-items">{number(item.quantity)}</td>
      <td className="col-total">{money(item.total)}</td>
      <td className="col-placed">{relative(item.created_at, now)}</td>
    </tr>
  );
});

/** Which rows are chosen, and where the keyboard is. */
function useRows(items: VendorSubOrderListItem[], onOpen: (id: string) => void, open: string | undefined) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [here, setHere] = useState<string | null>(null);
  const at = items.findIndex((item) => item.id === (here ?? open));
  const there = new Set(items.map((item) => item.id));
  const kept = new Set([...chosen].filter((id) => there.has(id)));
  const step = (by: number) => {
    const next = items[Math.max(0, Math.min(items.length - 1, at < 0 ? 0 : at + by))];
    if (!next) return;
    setHere(next.id);
    if (open) onOpen(next.id);
  };
  const choose = (id: string) => setChosen((before) => {
    const next = new Set(before);
    if (!next.delete(id)) next.add(id);
    return next;
  });
  return { chosen: kept, here: items[at], step, choose, setHere, setChosen };
}

const COLUMNS = ["order", "customer", "status", "due", "items", "total", "placed"] as const;

interface TableProps {
  items: VendorSubOrderListItem[];
  now: number;
  open: string | undefined;
  rows: ReturnType<typeof useRows>;
  onOpen: (id: string) => void;
  /** Whether orders may be chosen, and moved. */
  may: boolean;
  isOld: boolean;
}

function Table({ items, now, open, rows, onOpen, may, isOld }: TableProps) {
  const t = useT();
  const { arrived } = useLive();
  const isAll = rows.chosen.size === items.length;
  return (
    <table className={cx("table", isOld && "is-old")}>
      <thead>
        <tr>
          {may && <th className="col-select"><input type="checkbox" aria-label={t("select_all")} checked={isAll}
            onChange={() => rows.setChosen(isAll ? new Set() : new Set(items.map((item) => item.id)))} /></th>}
          {COLUMNS.map((column) => <th key={column} scope="col" className={`col-${column}`}>{t(`col_${column}`)}</th>)}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <Row key={item.id} item={item} now={now} isOpen={item.id === open} isHere={item === rows.here}
            isNew={arrived.includes(item.id) && item.status === "placed"} isChosen={rows.chosen.has(item.id)} onOpen={onOpen}
            onChoose={may ? rows.choose : null} />
        ))}
      </tbody>
    </table>
  );
}

function Bulk({ items, moves, onDone }: { items: VendorSubOrderListItem[]; moves: Moves; onDone: () => void }) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const acceptable = items.filter((item) => item.status === "placed");
  return (
    <div className="bulk" role="region" aria-label={t("selected", { count: items.length })}>
      <b>{t("selected", { count: items.length })}</b>
      <Button look="primary" icon={Check} busy={busy} disabled={acceptable.length === 0} onClick={async () => {
        setBusy(true);
        await moves.acceptAll(acceptable);
        setBusy(false);
        onDone();
      }}>{t("accept_selected", { count: acceptable.length })}</Button>
      <IconButton icon={X} label={t("clear_selection")} onClick={onDone} />
    </div>
  );
}

export function Orders() {
  const t = useT();
  const now = useNow();
  const shop = useShop();
  const { tab = "accept", q = "", open } = route.useSearch();
  const navigate = route.useNavigate();
  const [most, setMost] = useState(FIRST);
  const queue = useQueue(tab, q, most);
  const moves = useMoves();
  const field = useRef<HTMLInputElement>(null);
  const items = useMemo(() => queue.data?.items ?? [], [queue.data]);
  const show = useMemo(() => (change: OrdersSearch) => void navigate({
    search: (before) => ({ ...before, ...change }), replace: true,
  }), [navigate]);
  const onOpen = useMemo(() => (id: string) => show({ open: id }), [show]);
  const rows = useRows(items, onOpen, open);
  const onTab = (next: Tab) => {
    rows.setChosen(new Set());
    rows.setHere(null);
    setMost(FIRST);
    show({ tab: next, open: undefined });
  };
  const may = mayFulfil(shop);
  const close = () => show({ open: undefined });
  useKeys({
    j: () => rows.step(1), ArrowDown: () => rows.step(1), k: () => rows.step(-1), ArrowUp: () => rows.step(-1),
    Enter: () => rows.here && onOpen(rows.here.id), x: () => rows.here && may && rows.choose(rows.here.id),
    "/": () => field.current?.focus(),
    Escape: () => (document.activeElement === field.current ? field.current?.blur() : close()),
    ...(open ? {} : { a: () => rows.here?.status === "placed" && may && void moves.accept(rows.here.id, rows.here.number) }),
    ...Object.fromEntries(TAB_NAMES.map((each, index) => [String(index + 1), () => onTab(each)])),
  });
  return (
    <div className={cx("orders", open && "has-panel")}>
      <header className="page-head orders-head">
        <h1>{t("orders")}</h1>
        <Find q={q} onFind={(next) => show({ q: next || undefined, open: undefined })} field={field} />
      </header>
      <Tabs tab={tab} onTab={onTab} />
      <div className="split">
        <section className="queue" aria-label={t(`tab_${tab}`)} aria-busy={queue.isFetching}>
          {queue.isError && !queue.data && <Failed title={t("went_wrong")} onRetry={() => void queue.refetch()}>{say(queue.error)}</Failed>}
          {queue.isPending && <Skeleton lines={12} className="rows" />}
          {queue.data && items.length === 0 && (q
            ? <Empty icon={Search} title={t("empty_find", { q })}>{t("empty_find_about")}</Empty>
            : <Empty icon={Inbox} title={t(`empty_${tab}`)}>{t(`empty_${tab}_about`)}</Empty>)}
          {items.length > 0 && (
            <Table items={items} now={now} open={open} rows={rows} onOpen={onOpen} may={may}
              isOld={queue.isPlaceholderData} />
          )}
          {queue.data?.more && <div className="more"><Button onClick={() => setMost(most + 200)} busy={queue.isFetching}>{t("more")}</Button></div>}
        </section>
        {open && <OrderPanel key={open} id={open} onClose={close} />}
      </div>
      {rows.chosen.size > 0 && (
        <Bulk items={items.filter((item) => rows.chosen.has(item.id))} moves={moves} onDone={() => rows.setChosen(new Set())} />
      )}
    </div>
  );
}
