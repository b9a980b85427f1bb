// Conversations with customers: the list, the open one, and whom it is with.
import type { FoundMessage, VendorConversation } from "@sebez/sdk";
import { getRouteApi } from "@tanstack/react-router";
import { Inbox as InboxIcon, MessageCircle, Search } from "lucide-react";
import { memo, useEffect, useRef, useState } from "react";
import { relative, useNow } from "../../format.ts";
import { useFound, useTalk, useTalks, useUnsent } from "../../inbox.ts";
import { say } from "../../problems.ts";
import { useMe } from "../../shop.ts";
import { useT } from "../../texts/index.ts";
import { Avatar, Button, cx, Empty, Failed, Kbd, Skeleton } from "../../ui/index.tsx";
import { useKeys } from "../../ui/keys.ts";
import { VIEWS, type View } from "../../views.ts";
import "../../styles/inbox.css";
import { useLastWords } from "./words.ts";
import { Talk } from "./Talk.tsx";

export interface InboxSearch {
  view?: View;
  q?: string;
  open?: string;
  /** A message that was found. */
  at?: number;
}

const route = getRouteApi("/inside/shop/$shop/inbox");
const FIRST = 50;
const FIND_MS = 250;

const Row = memo(function Row({ talk, now, isOpen, isHere, onOpen }:
    { talk: VendorConversation; now: number; isOpen: boolean; isHere: boolean; onOpen: (id: string) => void }) {
  const t = useT();
  const me = useMe();
  const words = useLastWords(talk);
  const row = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isHere) row.current?.scrollIntoView({ block: "nearest" });
  }, [isHere]);
  const about = talk.sub_order ? t("about_order", { number: talk.sub_order.number })
    : talk.product ? talk.product.title : t("about_nothing");
  const given = talk.assignee ? (talk.assignee.id === me.id ? t("me") : talk.assignee.name) : null;
  return (
    <li>
      <button ref={row} type="button" aria-current={isOpen || undefined} onClick={() => onOpen(talk.id)}
        className={cx("talk-row", isOpen && "is-open", isHere && "is-here", talk.unread > 0 && "is-unread")}>
        <Avatar name={talk.customer.name} />
        <span className="talk-text">
          <span className="talk-head">
            <b><bdi>{talk.customer.name}</bdi></b>
            {talk.unread > 0 && <span className="talk-unread" role="img" aria-label={t("unread_count", { count: talk.unread })} />}
            <span className="talk-when">{relative(talk.last_message_at, now)}</span>
          </span>
          <span className="talk-last" dir="auto">{words}</span>
          <span className="talk-about"><bdi>{about}</bdi>{given && <span className="talk-given"><bdi>{given}</bdi></span>}</span>
        </span>
      </button>
    </li>
  );
});

function FoundRow({ found, now, isOpen, onOpen }: { found: FoundMessage; now: number; isOpen: boolean; onOpen: () => void }) {
  const talk = useTalk(found.conversation_id);
  const name = talk.data?.customer.name ?? "";
  return (
    <li>
      <button type="button" className={cx("talk-row", isOpen && "is-open")} aria-current={isOpen || undefined} onClick={onOpen}>
        <Avatar name={name || "…"} />
        <span className="talk-text">
          <span className="talk-head"><b><bdi>{name || "…"}</bdi></b><span className="talk-when">{relative(found.created_at, now)}</span></span>
          <span className="talk-last" dir="auto">{found.text}</span>
        </span>
      </button>
    </li>
  );
}

function Found({ q, open, at, onOpen }: { q: string; open: string | undefined; at: number | undefined; onOpen: (found: FoundMessage) => void }) {
  const t = useT();
  const now = useNow();
  const found = useFound(q);
  if (found.isPending) return <Skeleton lines={8} className="rows" />;
  if (found.isError && !found.data) return <Failed title={t("went_wrong")} onRetry={() => void found.refetch()}>{say(found.error)}</Failed>;
  if (found.data?.length === 0) return <Empty icon={Search} title={t("found_none", { q })}>{t("found_none_about")}</Empty>;
  return (
    <ul>
      {found.data?.map((each) => (
        <FoundRow key={each.id} found={each} now={now} isOpen={each.conversation_id === open && each.seq === at}
          onOpen={() => onOpen(each)} />
      ))}
    </ul>
  );
}

function Views({ view, onView }: { view: View; onView: (view: View) => void }) {
  const t = useT();
  return (
    <div className="views" role="group" aria-label={t("inbox")}>
      {VIEWS.map((each) => (
        <button key={each} type="button" className={cx("view", each === view && "is-chosen")} aria-pressed={each === view}
          onClick={() => onView(each)}>{t(`view_${each}`)}</button>
      ))}
    </div>
  );
}

function useList(view: View, most: number, open: string | undefined, onOpen: (id: string) => void) {
  const talks = useTalks(view, most);
  const [here, setHere] = useState<string | null>(null);
  const items = talks.data?.items ?? [];
  const at = items.findIndex((talk) => talk.id === (here ?? open));
  const step = (by: number) => {
    const next = items[Math.max(0, Math.min(items.length - 1, at < 0 ? 0 : at + by))];
    if (!next) return;
    setHere(next.id);
    if (open) onOpen(next.id);
  };
  return { talks, items, here: items[at], step, setHere };
}

export function Inbox() {
  const t = useT();
  const now = useNow();
  const { view = "open", q = "", open, at } = route.useSearch();
  const navigate = route.useNavigate();
  useUnsent();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(q);
  const [most, setMost] = useState(FIRST);
  const show = (change: InboxSearch) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const onOpen = (id: string) => show({ open: id, at: undefined });
  const { talks, items, here, step, setHere } = useList(view, most, open, onOpen);
  const onView = (next: View) => {
    setHere(null);
    setMost(FIRST);
    show({ view: next, q: undefined, open: undefined, at: undefined });
  };
  useEffect(() => setText(q), [q]);
  useEffect(() => {
    const timer = setTimeout(() => text.trim() !== q && show({ q: text.trim() || undefined }), FIND_MS);
    return () => clearTimeout(timer);
  }, [text]);
  useKeys({
    j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
    Enter: () => here && onOpen(here.id), "/": () => field.current?.focus(),
    Escape: () => (document.activeElement instanceof HTMLInputElement || document.activeElement instanceof HTMLTextAreaElement
      ? document.activeElement.blur() : show({ open: undefined, at: undefined })),
    ...Object.fromEntries(VIEWS.map((each, index) => [String(index + 1), () => onView(each)])),
  });
  return (
    <div className={cx("inbox", open && "has-talk")}>
      <header className="page-head orders-head">
        <h1>{t("inbox")}</h1>
        <div className="find" role="search">
          <Search size={16} aria-hidden />
          <input ref={field} type="search" aria-label={t("find_messages")} placeholder={t("find_messages")} value={text} maxLength={100}
            aria-keyshortcuts="/" dir="auto" onChange={(event) => setText(event.target.value)} />
          <Kbd>/</Kbd>
        </div>
      </header>
      <div className="inbox-split">
        <section className="talks" aria-label={q ? t("find_messages") : t(`view_${view}`)} aria-busy={talks.isFetching}>
          <Views view={view} onView={onView} />
          {q ? <Found q={q} open={open} at={at} onOpen={(found) => show({ open: found.conversation_id, at: found.seq })} /> : (
            <>
              {talks.isError && !talks.data && <Failed title={t("went_wrong")} onRetry={() => void talks.refetch()}>{say(talks.error)}</Failed>}
              {talks.isPending && <Skeleton lines={8} className="rows" />}
              {talks.data && items.length === 0 && <Empty icon={InboxIcon} title={t(`inbox_empty_${view}`)}>{t(`inbox_empty_${view}_about`)}</Empty>}
              <ul className={cx(talks.isPlaceholderData && "is-old")}>
                {items.map((talk) => <Row key={talk.id} talk={talk} now={now} isOpen={talk.id === open} isHere={talk === here} onOpen={onOpen} />)}
              </ul>
              {talks.data?.more && <div className="more"><Button busy={talks.isFetching} onClick={() => setMost(most + 100)}>{t("more")}</Button></div>}
            </>
          )}
        </section>
        {open ? <Talk key={open} id={open} at={at} onClose={() => show({ open: undefined, at: undefined })} />
          : <div className="talk-none"><Empty icon={MessageCircle} title={t("choose_talk")}>{t("choose_talk_about")}</Empty></div>}
      </div>
    </div>
  );
}
