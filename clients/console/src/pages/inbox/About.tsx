// Whom a conversation is with, and what it is about.
import type { VendorConversation } from "@sebez/sdk";
import { Link } from "@tanstack/react-router";
import { Ban, X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { money, relative, useNow } from "../../format.ts";
import { useColleagues, useTalkMoves } from "../../inbox.ts";
import { mayHost, useMe, useShop } from "../../shop.ts";
import { useT } from "../../texts/index.ts";
import { Avatar, Button, Dialog, Dot, IconButton, Picture } from "../../ui/index.tsx";

const HERE_MINUTES = 2;

function Part({ title, children }: { title: string; children: ReactNode }) {
  return <section className="part"><header><h3>{title}</h3></header>{children}</section>;
}

function Given({ talk }: { talk: VendorConversation }) {
  const t = useT();
  const me = useMe();
  const moves = useTalkMoves(talk.id);
  const colleagues = useColleagues();
  const others = (colleagues.data ?? []).filter((each) => each.user_id !== me.id && each.role !== "finance")
    .map((each) => ({ id: each.user_id, name: each.name }));
  const known = new Map([{ id: me.id, name: t("me") }, ...others].map((each) => [each.id, each.name]));
  if (talk.assignee && !known.has(talk.assignee.id)) known.set(talk.assignee.id, talk.assignee.name ?? "…");
  const give = (id: string) => void moves.assign(id === "" ? null
    : { id, name: id === me.id ? me.name : known.get(id) ?? "" });
  return (
    <Part title={t("given_to")}>
      <select className="select" aria-label={t("given_to")} aria-keyshortcuts="m" value={talk.assignee?.id ?? ""} onChange={(event) => give(event.target.value)}>
        <option value="">{t("nobody")}</option>
        {[...known].map(([id, name]) => <option key={id} value={id}>{name}</option>)}
      </select>
    </Part>
  );
}

function Order({ talk }: { talk: VendorConversation }) {
  const t = useT();
  const shop = useShop();
  if (!talk.sub_order) return null;
  const { sub_order_id, number, status, total } = talk.sub_order;
  return (
    <Part title={t("this_order")}>
      <div className="about-card">
        <p className="row-between"><b dir="ltr">{number}</b><span>{money(total)}</span></p>
        <p className="status"><Dot kind={status} />{t(`status_${status}`)}</p>
        <Link to="/shop/$shop/orders" params={{ shop: shop.slug }} search={{ tab: "all", open: sub_order_id }} className="button button-plain wide">{t("open_order")}</Link>
      </div>
    </Part>
  );
}

function Product({ talk }: { talk: VendorConversation }) {
  const t = useT();
  if (!talk.product) return null;
  const { title, price, image } = talk.product;
  return (
    <Part title={t("this_product")}>
      <div className="about-card about-product">
        <Picture url={image?.variants.find((each) => each.format === "webp")?.url ?? image?.url} name={title} />
        <span className="grow"><b><bdi>{title}</bdi></b><span className="quiet">{money(price)}</span></span>
      </div>
    </Part>
  );
}

function Block({ talk }: { talk: VendorConversation }) {
  const t = useT();
  const moves = useTalkMoves(talk.id);
  const [asked, setAsked] = useState(false);
  const { name } = talk.customer;
  if (talk.blocked_by_me) return <Button onClick={() => void moves.block(false, name)}>{t("unblock")}</Button>;
  return (
    <>
      <Button look="quiet" icon={Ban} onClick={() => setAsked(true)}>{t("block")}</Button>
      {asked && (
        <Dialog title={t("block_title", { name })} about={t("block_about")} onClose={() => setAsked(false)}>
          <div className="dialog-foot">
            <Button look="quiet" onClick={() => setAsked(false)}>{t("cancel")}</Button>
            <Button look="danger" onClick={() => void moves.block(true, name).then(() => setAsked(false))}>{t("block_now")}</Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

export function About({ talk, onClose }: { talk: VendorConversation; onClose: () => void }) {
  const t = useT();
  const now = useNow();
  const shop = useShop();
  const minutes = talk.active_minutes_ago;
  const here = minutes === undefined || minutes === null ? t("not_here")
    : minutes <= HERE_MINUTES ? t("here_now") : t("here_minutes", { count: minutes });
  return (
    <>
      <IconButton icon={X} label={t("close")} onClick={onClose} className="about-close" />
      <div className="about-who"><Avatar name={talk.customer.name} size="large" /><b><bdi>{talk.customer.name}</bdi></b><span className="quiet">{here}</span></div>
      <Order talk={talk} />
      <Product talk={talk} />
      <Given talk={talk} />
      {talk.awaiting_since && <Part title={t("waiting")}><p className="due-soon">{t("waiting_since", { when: relative(talk.awaiting_since, now) })}</p></Part>}
      {mayHost(shop) && <div className="part"><Block talk={talk} /></div>}
    </>
  );
}
