// One sub-order, docked beside the queue.
import type { HistoryEntry, OrderLine, Shipment, SubOrderStatus, VendorSubOrder } from "@sebez/sdk";
import { useNavigate } from "@tanstack/react-router";
import { Check, Copy, ExternalLink, MessageSquareText, Package, PackageCheck, Truck, X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { country, less, moment, money, number, relative, useNow } from "../format.ts";
import { useHistory, useMoves, useOrder } from "../orders.ts";
import { say } from "../problems.ts";
import { sebez } from "../sebez.ts";
import { mayCancel, mayFulfil, mayTalk, useShop } from "../shop.ts";
import { useT, type Key } from "../texts/index.ts";
import { Button, cx, Dot, Failed, IconButton, Notice, Picture, Skeleton } from "../ui/index.tsx";
import { useKeys } from "../ui/keys.ts";
import { tell } from "../ui/toasts.tsx";
import { CancelDialog } from "./CancelDialog.tsx";
import { Due } from "./due.tsx";
import { ShipDialog } from "./ShipDialog.tsx";

const STEPS: [Key, SubOrderStatus[]][] = [
  ["step_placed", ["placed"]], ["step_accepted", ["accepted"]], ["step_packed", ["packed", "partially_shipped"]],
  ["step_shipped", ["shipped"]], ["step_delivered", ["delivered", "completed"]],
];

function Steps({ status }: { status: SubOrderStatus }) {
  const t = useT();
  const at = STEPS.findIndex(([, states]) => states.includes(status));
  if (at < 0) return null;
  return (
    <ol className="steps">
      {STEPS.map(([text], index) => (
        <li key={text} className={cx(index <= at && "is-done", index === at && "is-now")} aria-current={index === at ? "step" : undefined}>
          {t(text)}
        </li>
      ))}
    </ol>
  );
}

function Part({ title, children, aside }: { title: string; children: ReactNode; aside?: ReactNode }) {
  return <section className="part"><header><h3>{title}</h3>{aside}</header>{children}</section>;
}

function Line({ line }: { line: OrderLine }) {
  const t = useT();
  const left = line.quantity - line.cancelled_quantity;
  const picture = line.image?.variants.filter((each) => each.format === "webp").sort((a, b) => a.width - b.width)[0]?.url ?? line.image?.url;
  return (
    <li className={cx("line", left === 0 && "is-gone")}>
      <Picture url={picture} name={line.title} />
      <div className="grow">
        <b>{line.title}</b>
        <span className="quiet">{[line.variant_title === "Default Title" ? "" : line.variant_title, line.sku].filter(Boolean).join(" · ")}</span>
        {line.shipped_quantity > 0 && line.shipped_quantity < left && <span className="tag">{t("shipped_of", { count: line.shipped_quantity })}</span>}
        {line.cancelled_quantity > 0 && <span className="tag tag-bad">{t("cancelled_of", { count: line.cancelled_quantity })}</span>}
      </div>
      <div className="amounts"><b>{money(line.total)}</b><span className="quiet">{t("quantity_of", { count: line.quantity, price: money(line.price) })}</span></div>
    </li>
  );
}

function Sums({ order }: { order: VendorSubOrder }) {
  const t = useT();
  const rows: [string, string, boolean][] = [
    [t("subtotal"), money(order.subtotal), true],
    [[t("shipping"), order.shipping_method?.name].filter(Boolean).join(" · "), money(order.shipping), true],
    [t("discount"), money(order.discount, true), order.discount.amount > 0],
    [t("tax"), money(order.tax), order.tax.amount > 0],
    [t("fee"), money(order.fee), order.fee.amount > 0],
    [t("cancelled"), money(order.cancelled_total, true), order.cancelled_total.amount > 0],
  ];
  return (
    <dl className="sums">
      {rows.filter(([, , shown]) => shown).map(([name, amount]) => <div key={name}><dt>{name}</dt><dd>{amount}</dd></div>)}
      <div className="sum"><dt>{t("total")}</dt><dd>{money(less(order.total, order.cancelled_total))}</dd></div>
      <div className="quiet"><dt>{t("commission")}</dt><dd>{money(order.commission, true)}</dd></div>
      {order.commission_tax.amount > 0 && <div className="quiet"><dt>{t("commission_tax")}</dt><dd>{money(order.commission_tax, true)}</dd></div>}
    </dl>
  );
}

function addressLines(order: VendorSubOrder): string[] {
  const { name, company, line1, line2, city, region, postal_code, country: code } = order.shipping_address;
  return [name, company, line1, line2, [postal_code, city].filter(Boolean).join(" "), region, country(code)]
    .filter((line): line is string => Boolean(line));
}

function ShipTo({ order }: { order: VendorSubOrder }) {
  const t = useT();
  const lines = addressLines(order);
  const { phone } = order.shipping_address;
  const copy = () => void navigator.clipboard.writeText([...lines, phone].filter(Boolean).join("\n"))
    .then(() => tell(t("copied")), (error) => tell(say(error), "bad"));
  const mayCopy = Boolean(navigator.clipboard); // not over http
  return (
    <Part title={t("ship_to")} aside={mayCopy && <IconButton icon={Copy} label={t("copy")} onClick={copy} />}>
      <address>{lines.map((line) => <bdi key={line}>{line}</bdi>)}{phone && <a href={`tel:${phone}`} dir="ltr">{phone}</a>}</address>
    </Part>
  );
}

function Shipments({ shipments }: { shipments: Shipment[] }) {
  const t = useT();
  const now = useNow();
  if (shipments.length === 0) return null;
  return (
    <Part title={t("shipments")}>
      <ul className="shipments">
        {shipments.map((each, index) => (
          <li key={each.id}>
            <Truck size={16} aria-hidden className="turns" />
            <div className="grow">
              <b>{each.carrier ?? t("shipment", { number: index + 1 })}</b>
              {each.tracking_number && <span className="quiet" dir="ltr">{each.tracking_number}</span>}
              <span className="quiet">{each.delivered_at ? t("arrived", { when: relative(each.delivered_at, now) }) : relative(each.shipped_at, now)}</span>
            </div>
            {each.tracking_url && <a href={each.tracking_url} target="_blank" rel="noreferrer noopener" className="button button-plain">{t("track")}<ExternalLink size={14} aria-hidden /></a>}
          </li>
        ))}
      </ul>
    </Part>
  );
}

function History({ order }: { order: VendorSubOrder }) {
  const t = useT();
  const history = useHistory(order);
  const entries: HistoryEntry[] = history.data?.items ?? [];
  return (
    <Part title={t("history")}>
      {history.isPending ? <Skeleton lines={2} /> : (
        <ol className="history">
          {entries.map((entry, index) => (
            <li key={index}>
              <Dot kind={entry.to} />
              <div><b>{t(`status_${entry.to}`)}</b> <span className="quiet">{t(`by_${entry.by}`)} · {moment(entry.at)}</span>
                {entry.reason && <p dir="auto">{entry.reason}</p>}</div>
            </li>
          ))}
        </ol>
      )}
    </Part>
  );
}

type Asked = "ship" | "cancel";

function Actions({ order, onAsk }: { order: VendorSubOrder; onAsk: (asked: Asked) => void }) {
  const t = useT();
  const now = useNow();
  const shop = useShop();
  const moves = useMoves();
  const { id, number: name, status } = order;
  const can = (to: SubOrderStatus) => mayFulfil(shop) && order.allowed_transitions.includes(to);
  const accepts = can("accepted") && status === "placed", packs = can("packed") && status === "accepted";
  const ships = (can("shipped") || can("partially_shipped")) && ["accepted", "packed", "partially_shipped"].includes(status);
  const delivers = can("delivered") && status === "shipped";
  const cancels = mayCancel(shop) && order.allowed_transitions.includes("cancelled");
  useKeys({
    ...(accepts ? { a: () => void moves.accept(id, name) } : {}), ...(packs ? { p: () => void moves.pack(id, name) } : {}),
    ...(ships ? { s: () => onAsk("ship") } : {}), ...(delivers ? { d: () => void moves.deliver(id, name) } : {}),
  });
  if (!accepts && !packs && !ships && !delivers && !cancels) return null;
  const question: Key | null = accepts ? "ask_accept" : packs ? "ask_pack" : ships ? "ask_ship" : delivers ? "ask_deliver" : null;
  return (
    <div className="actions">
      {question && <p>{t(question)}{accepts || packs || ships ? <Due item={order} now={now} /> : null}</p>}
      <div className="actions-row">
        {accepts && <Button look="primary" icon={Check} keys="a" onClick={() => void moves.accept(id, name)}>{t("accept")}</Button>}
        {packs && <Button look="primary" icon={Package} keys="p" onClick={() => void moves.pack(id, name)}>{t("pack")}</Button>}
        {ships && <Button look={packs ? "plain" : "primary"} icon={Truck} keys="s" onClick={() => onAsk("ship")}>{t(status === "partially_shipped" ? "ship_rest" : "ship")}</Button>}
        {delivers && <Button look="primary" icon={PackageCheck} keys="d" onClick={() => void moves.deliver(id, name)}>{t("deliver")}</Button>}
        {cancels && <Button look="quiet" onClick={() => onAsk("cancel")}>{t(accepts ? "reject" : "cancel_order")}</Button>}
      </div>
    </div>
  );
}

function Whole({ order }: { order: VendorSubOrder }) {
  const t = useT();
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <>
      <Steps status={order.status} />
      {order.status === "cancelled" && order.cancel_reason && <Notice kind="warn"><span dir="auto">{order.cancel_reason}</span></Notice>}
      <Actions order={order} onAsk={setAsked} />
      {order.note && <div className="note"><span>{t("note")}</span><p dir="auto">{order.note}</p></div>}
      <Part title={t("lines", { count: order.lines.length })}>
        <ul className="lines">{order.lines.map((line) => <Line key={line.id} line={line} />)}</ul>
        <Sums order={order} />
      </Part>
      <Shipments shipments={order.shipments} />
      <ShipTo order={order} />
      <Part title={t("payment")}><p>{t(`pay_${order.payment.method}`)} · <span className="quiet">{t(`paid_${order.payment.status}`)}</span></p></Part>
      <History order={order} />
      {asked === "ship" && <ShipDialog order={order} onClose={() => setAsked(null)} />}
      {asked === "cancel" && <CancelDialog order={order} onClose={() => setAsked(null)} />}
    </>
  );
}

/** Opens the conversation about the order. */
function WriteButton({ order }: { order: VendorSubOrder }) {
  const t = useT();
  const shop = useShop();
  const navigate = useNavigate();
  const write = () => void sebez.openVendorConversation({ vendor_id: shop.id, sub_order_id: order.id }).then(
    (talk) => navigate({ to: "/shop/$shop/inbox", params: { shop: shop.slug }, search: { open: talk.id } }),
    (error) => tell(say(error), "bad"));
  return <IconButton icon={MessageSquareText} label={t("write_customer")} onClick={write} />;
}

export function OrderPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useT();
  const shop = useShop();
  const order = useOrder(id);
  return (
    <aside className="panel" aria-label={order.data ? t("order", { number: order.data.number }) : t("orders")}>
      <header className="panel-head">
        <div>
          <h2 dir="ltr">{order.data?.number ?? "…"}</h2>
          {order.data && <p className="quiet"><bdi>{order.data.customer.name}</bdi> · {moment(order.data.created_at)}</p>}
        </div>
        {order.data && <span className="status" title={number(order.data.lines.length)}><Dot kind={order.data.status} />{t(`status_${order.data.status}`)}</span>}
        {order.data && mayTalk(shop) && <WriteButton order={order.data} />}
        <IconButton icon={X} label={t("close")} onClick={onClose} />
      </header>
      {order.isPending && <Skeleton lines={9} className="rows" />}
      {order.isError && !order.data && <Failed title={t("not_found")} onRetry={() => void order.refetch()}>{say(order.error)}</Failed>}
      {order.data && <Whole order={order.data} />}
    </aside>
  );
}
