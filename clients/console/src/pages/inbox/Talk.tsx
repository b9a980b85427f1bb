// One conversation: what was said, and what to answer.
import type { VendorConversation } from "@sebez/sdk";
import { ArrowLeft, Check, Info, RotateCcw } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { useMessages, useNotes, useTalk, useTalkMoves, useTalkState } from "../../inbox.ts";
import { useEvents } from "../../live.ts";
import { say } from "../../problems.ts";
import { useMe } from "../../shop.ts";
import { useT } from "../../texts/index.ts";
import { Avatar, Button, cx, Failed, IconButton, Notice, Skeleton } from "../../ui/index.tsx";
import { useKeys } from "../../ui/keys.ts";
import { About } from "./About.tsx";
import { Composer } from "./Composer.tsx";
import { MessageList } from "./Messages.tsx";

const FIRST = 60;
/** A notification that somebody writes is good for so long. */
const WRITES_MS = 6000;

/** Whether the customer writes at this moment. */
function useWrites(id: string): boolean {
  const [until, setUntil] = useState(0);
  useEvents(useCallback((event, passing) => {
    if (passing?.kind === "typing" && passing.payload.conversation_id === id && passing.payload.side === "customer")
      setUntil(Date.now() + WRITES_MS);
    else if (event?.kind === "message_sent" && event.payload.conversation_id === id && event.payload.author === "customer")
      setUntil(0);
  }, [id]));
  useEffect(() => {
    if (until === 0) return;
    const timer = setTimeout(() => setUntil(0), until - Date.now());
    return () => clearTimeout(timer);
  }, [until]);
  return until > 0;
}

/** Marks as read what is on the screen of somebody who looks at it. */
function useReading(talk: VendorConversation | undefined, last: number, read: (seq: number) => void): void {
  const [looks, setLooks] = useState(document.visibilityState === "visible");
  useEffect(() => {
    const look = () => setLooks(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  const [marked, setMarked] = useState(0);
  const isNew = talk !== undefined && last > Math.max(talk.my_read_seq, marked) && looks;
  useEffect(() => {
    if (!isNew) return;
    setMarked(last);
    read(last);
  }, [isNew, last]);
}

function Head({ talk, isOpen, onAbout, onClose }:
    { talk: VendorConversation; isOpen: boolean; onAbout: () => void; onClose: () => void }) {
  const t = useT();
  const moves = useTalkMoves(talk.id);
  const me = useMe();
  const isClosed = talk.status === "closed";
  const settle = () => void (isClosed ? moves.reopen() : moves.close());
  useKeys({
    e: settle, i: onAbout,
    m: () => void moves.assign(talk.assignee?.id === me.id ? null : { id: me.id, name: me.name }),
  });
  const about = talk.sub_order ? t("about_order", { number: talk.sub_order.number })
    : talk.product ? t("about_product", { title: talk.product.title }) : t("about_nothing");
  return (
    <header className="talk-bar">
      <IconButton icon={ArrowLeft} label={t("to_list")} onClick={onClose} className="turns only-narrow" />
      <Avatar name={talk.customer.name} size="small" />
      <div className="grow">
        <h2><bdi>{talk.customer.name}</bdi></h2>
        <p className="quiet"><bdi>{about}</bdi></p>
      </div>
      <Button icon={isClosed ? RotateCcw : Check} keys="e" onClick={settle}>{t(isClosed ? "reopen_talk" : "close_talk")}</Button>
      <IconButton icon={Info} label={t("details")} aria-expanded={isOpen} onClick={onAbout} className="about-toggle" />
    </header>
  );
}

export function Talk({ id, at = 0, onClose }: { id: string; at: number | undefined; onClose: () => void }) {
  const t = useT();
  const talk = useTalk(id);
  const state = useTalkState(id);
  const notes = useNotes(id);
  const [most, setMost] = useState(FIRST);
  const messages = useMessages(id, most, at);
  const moves = useTalkMoves(id);
  const writes = useWrites(id);
  const [about, setAbout] = useState(false);
  const last = messages.data?.items.at(-1)?.seq ?? 0;
  useReading(talk.data, last, moves.read);
  if (talk.isError && !talk.data)
    return <div className="talk-none"><Failed title={t("not_found")} onRetry={() => void talk.refetch()}>{say(talk.error)}</Failed></div>;
  if (!talk.data) return <div className="talk"><Skeleton lines={9} className="rows" /></div>;
  const blocked = talk.data.blocked || talk.data.blocked_by_me || state?.blocked.customer || state?.blocked.vendor;
  return (
    <>
      <section className="talk" aria-label={talk.data.customer.name}>
        <Head talk={talk.data} isOpen={about} onAbout={() => setAbout(!about)} onClose={onClose} />
        {messages.isError && !messages.data && <Failed title={t("went_wrong")} onRetry={() => void messages.refetch()}>{say(messages.error)}</Failed>}
        {messages.isPending && <Skeleton lines={6} className="rows" />}
        {messages.data && (
          <MessageList talk={talk.data} messages={messages.data} notes={notes.data ?? []} at={at} writes={writes}
            marks={{ read: state?.read.customer ?? talk.data.read.customer, delivered: state?.delivered.customer ?? talk.data.delivered.customer }}
            onEarlier={() => setMost(most + 200)} isOld={messages.isPlaceholderData} />
        )}
        {talk.data.status === "closed" && !blocked && <Notice>{t("is_closed")}</Notice>}
        {blocked ? <Notice kind="warn">{t("is_blocked")}</Notice> : <Composer key={id} talk={talk.data} />}
      </section>
      <aside className={cx("about", about && "is-open")} aria-label={t("details")}>
        <About talk={talk.data} onClose={() => setAbout(false)} />
      </aside>
    </>
  );
}
