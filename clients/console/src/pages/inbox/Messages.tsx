// The messages of a conversation, with the staff's notes between them.
import type { MessageAttachment, Note, VendorConversation, VendorMessage } from "@sebez/sdk";
import { Check, CheckCheck, CircleAlert, Clock, Download, FileText, Lock, Package, Tag, Trash2 } from "lucide-react";
import { Link } from "@tanstack/react-router";
import { useEffect, useLayoutEffect, useRef, type ReactNode } from "react";
import { dayOf, timeOf } from "../../format.ts";
import { pictureOf, useTalkMoves, type Messages } from "../../inbox.ts";
import { useMe, useShop } from "../../shop.ts";
import { useT } from "../../texts/index.ts";
import { Button, cx, IconButton } from "../../ui/index.tsx";
import { putBack, useOutgoing, type Outgoing } from "../../written.ts";

interface Marks {
  read: number;
  delivered: number;
}
/** Of one's own message it can be taken back. */
const CHANGE_MS = 15 * 60_000;
const NEAR_END = 80;

function Attachment({ file }: { file: MessageAttachment }) {
  const t = useT();
  const name = file.name ?? t("unnamed_file");
  const small = pictureOf(file, 480);
  if (file.image && small)
    return (
      <a href={pictureOf(file, 2000)} target="_blank" rel="noreferrer noopener" aria-label={`${t("open_image")}: ${file.image.alt || name}`}>
        <img src={small} alt={file.image.alt} className="said-image" loading="lazy" width={file.image.width ?? undefined} height={file.image.height ?? undefined} />
      </a>
    );
  if (!file.file) return <span className="said-file"><FileText size={18} aria-hidden /><bdi>{name}</bdi></span>;
  return (
    <a className="said-file" href={file.file.url} download aria-label={t("download", { name })}>
      <FileText size={18} aria-hidden /><bdi>{name}</bdi><Download size={15} aria-hidden />
    </a>
  );
}

function Card({ message }: { message: VendorMessage }) {
  const t = useT();
  const shop = useShop();
  const card = message.card;
  if (card?.sub_order_id)
    return (
      <Link to="/shop/$shop/orders" params={{ shop: shop.slug }} search={{ tab: "all", open: card.sub_order_id }} className="said-card">
        <Package size={18} aria-hidden /><span><b dir="ltr">{card.number}</b>{card.status && <span className="quiet">{t(`status_${card.status}`)}</span>}</span>
      </Link>
    );
  if (card?.title) return <span className="said-card"><Tag size={18} aria-hidden /><b><bdi>{card.title}</bdi></b></span>;
  return null;
}

function Receipt({ seq, marks }: { seq: number; marks: Marks }) {
  const t = useT();
  const key = seq <= marks.read ? "message_read" : seq <= marks.delivered ? "message_delivered" : "message_sent";
  const Icon = key === "message_sent" ? Check : CheckCheck;
  return <span className={cx("receipt", key === "message_read" && "is-read")}><Icon size={14} aria-hidden />{t(key)}</span>;
}

function quoted(messages: Messages, seq: number | null): VendorMessage | undefined {
  return seq === null ? undefined : messages.items.find((each) => each.seq === seq);
}

interface SaidProps {
  message: VendorMessage;
  talk: VendorConversation;
  messages: Messages;
  isLast: boolean;
  isFound: boolean;
  marks: Marks;
}

function Said({ message, talk, messages, isLast, isFound, marks }: SaidProps) {
  const t = useT();
  const me = useMe();
  const moves = useTalkMoves(talk.id);
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isFound) item.current?.scrollIntoView({ block: "center" });
  }, [isFound]);
  const isOurs = message.author === "vendor";
  const isMine = isOurs && message.staff_id === me.id;
  const answered = quoted(messages, message.reply_to);
  const mayRemove = isMine && !message.deleted_at && Date.now() - Date.parse(message.created_at) < CHANGE_MS;
  if (message.author === "system")
    return <li ref={item} className="said-system"><p dir="auto">{message.text}</p></li>;
  return (
    <li ref={item} className={cx("said", isOurs && "is-ours", isFound && "is-found")}>
      {isOurs && !isMine && message.staff_name && <span className="said-by"><bdi>{message.staff_name}</bdi></span>}
      <div className="said-row">
        <div className={cx("bubble", message.deleted_at && "is-gone")}>
          {answered && <blockquote dir="auto">{answered.text || t("message_deleted")}</blockquote>}
          {message.deleted_at ? t("message_deleted") : (
            <>
              {message.attachments.map((file) => <Attachment key={file.id} file={file} />)}
              <Card message={message} />
              {message.text && <p dir="auto">{message.text}</p>}
            </>
          )}
        </div>
        {mayRemove && <IconButton icon={Trash2} label={t("delete_message")} className="said-remove" onClick={() => void moves.remove(message)} />}
      </div>
      {message.reactions.length > 0 && <span className="reactions">{message.reactions.map((each) => <span key={each.side}>{each.emoji}</span>)}</span>}
      <span className="said-foot">
        {timeOf(message.created_at)}{message.edited_at && !message.deleted_at && ` · ${t("message_edited")}`}
        {isOurs && isLast && !message.deleted_at && <Receipt seq={message.seq} marks={marks} />}
      </span>
    </li>
  );
}

function NoteShown({ note }: { note: Note }) {
  const t = useT();
  return (
    <li className="said-note">
      <span className="said-by"><Lock size={13} aria-hidden />{note.staff_name ? t("note_of", { name: note.staff_name }) : t("note_of_somebody")} · {timeOf(note.created_at)}</span>
      <p dir="auto">{note.text}</p>
    </li>
  );
}

function Leaving({ message }: { message: Outgoing }) {
  const t = useT();
  const moves = useTalkMoves(message.talk);
  const edit = () => {
    moves.throwAway(message.key);
    putBack(message.talk, false, message.text);
  };
  return (
    <li className="said is-ours is-leaving">
      <div className="said-row"><div className="bubble">
        {message.files.map((name) => <span key={name} className="said-file"><FileText size={18} aria-hidden /><bdi>{name}</bdi></span>)}
        {message.text && <p dir="auto">{message.text}</p>}
      </div></div>
      {message.problem === null ? <span className="said-foot"><Clock size={13} aria-hidden />{t("message_sending")}</span> : (
        <span className="said-foot is-bad" role="alert">
          <CircleAlert size={14} aria-hidden />{t("message_failed")}: {message.problem}
          <Button look="quiet" onClick={() => moves.sendAgain(message)}>{t("send_again")}</Button>
          {Object.keys(message.input).join() === "text" && <Button look="quiet" onClick={edit}>{t("edit_unsent")}</Button>}
          <Button look="quiet" onClick={() => moves.throwAway(message.key)}>{t("throw_away")}</Button>
        </span>
      )}
    </li>
  );
}

interface MessageListProps {
  talk: VendorConversation;
  messages: Messages;
  notes: Note[];
  at: number;
  writes: boolean;
  marks: Marks;
  onEarlier: () => void;
  isOld: boolean;
}

type Item = { key: string; time: string; shown: ReactNode };

export function MessageList({ talk, messages, notes, at, writes, marks, onEarlier, isOld }: MessageListProps) {
  const t = useT();
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const outgoing = useOutgoing(talk.id);
  const first = messages.items[0]?.seq ?? 0;
  const last = messages.items.findLast((each) => each.author === "vendor")?.seq;
  const sent = new Set(messages.items.map((each) => each.client_id));
  const shown = messages.items.flatMap((message): Item[] => [
    { key: message.id, time: message.created_at, shown: <Said message={message} talk={talk} messages={messages} marks={marks}
      isLast={message.seq === last} isFound={message.seq === at} /> },
    ...notes.filter((note) => note.after_seq === message.seq).map(noteItem),
  ]);
  const before = messages.more ? [] : notes.filter((note) => note.after_seq < first).map(noteItem);
  const leaving = outgoing.filter((each) => !sent.has(each.key));
  const items = [...before, ...shown];
  useLayoutEffect(() => {
    const element = list.current;
    if (element && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [items.length, leaving.length, writes]);
  return (
    <div ref={list} className={cx("said-list", isOld && "is-old")} tabIndex={0} role="log" aria-label={talk.customer.name}
      onScroll={({ currentTarget }) => {
        atEnd.current = currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight < NEAR_END;
      }}>
      {messages.more && <div className="more"><Button onClick={onEarlier} busy={isOld}>{t("earlier")}</Button></div>}
      <ol>
        {items.map((item, index) => {
          const day = dayOf(item.time, t("today"), t("yesterday"));
          const was = items[index - 1];
          const isNewDay = !was || dayOf(was.time, t("today"), t("yesterday")) !== day;
          return [isNewDay && <li key={`day-${item.key}`} className="day"><span>{day}</span></li>, <Keep key={item.key}>{item.shown}</Keep>];
        })}
        {leaving.map((each) => <Leaving key={each.key} message={each} />)}
        </ol>
      {writes && <p className="writes" role="status"><span className="writes-dots" aria-hidden><i /><i /><i /></span>{t("writes", { name: talk.customer.name })}</p>}
    </div>
  );
}

function Keep({ children }: { children: ReactNode }) {
  return children;
}

function noteItem(note: Note): Item {
  return { key: `note-${note.number}`, time: note.created_at, shown: <NoteShown note={note} /> };
}
