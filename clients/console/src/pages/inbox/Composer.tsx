// Where an answer, or a note for colleagues, is written.
import { upload, type VendorConversation } from "@sebez/sdk";
import { ArrowUp, LayoutGrid, Lock, Paperclip, Sparkles, X } from "lucide-react";
import { useRef, useState, type ClipboardEvent, type KeyboardEvent } from "react";
import { useTalkMoves } from "../../inbox.ts";
import { say } from "../../problems.ts";
import { sebez } from "../../sebez.ts";
import { useT } from "../../texts/index.ts";
import { Button, cx, IconButton } from "../../ui/index.tsx";
import { useKeys } from "../../ui/keys.ts";
import { tell } from "../../ui/toasts.tsx";
import { changeSending, putBack, setDraft, useDraft, useSending, type Sending } from "../../written.ts";
import { CannedDialog } from "./CannedDialog.tsx";
import { CardDialog, type Card } from "./CardDialog.tsx";

const FILES_MAX = 10;
const ACCEPT = "image/jpeg,image/png,image/webp,image/gif,image/heic,image/avif,application/pdf,video/mp4,video/quicktime,video/webm,audio/mp4,audio/mpeg,audio/ogg";
/** Who writes says so this often. */
const TELL_MS = 4000;

/** Files for the next message of a conversation, on their way to the server or there. */
function useFiles(talk: string) {
  const t = useT();
  const files = useSending(talk);
  const change = (ending: AbortController, by: Partial<Sending>) =>
    changeSending(talk, (all) => all.map((each) => (each.ending === ending ? { ...each, ...by } : each)));
  const remove = ({ ending }: Pick<Sending, "ending">) => {
    ending.abort();
    changeSending(talk, (all) => all.filter((each) => each.ending !== ending));
  };
  const send = async (file: File, ending: AbortController) => {
    try {
      const made = await upload(sebez, file, { purpose: "chat_attachment", content_type: file.type }, {
        signal: ending.signal, onProgress: (sent, all) => change(ending, { percent: Math.floor((sent / all) * 100) }),
      });
      if (made.state !== "ready") throw new Error(made.failure?.message ?? made.state);
      change(ending, { id: made.id, percent: 100 });
    } catch (error) {
      if (ending.signal.aborted) return;
      remove({ ending });
      tell(t("file_failed", { name: file.name, problem: say(error) }), "bad");
    }
  };
  const add = (given: Iterable<File>) => {
    const all = [...given];
    const good = all.filter((file) => ACCEPT.split(",").includes(file.type));
    if (good.length < all.length) tell(t("file_type"), "bad");
    if (files.length + good.length > FILES_MAX) return tell(t("too_many_files"), "bad");
    const added = good.map((file) => ({ file, sending: { name: file.name, percent: 0, id: null, ending: new AbortController() } }));
    changeSending(talk, (before) => [...before, ...added.map((each) => each.sending)]);
    for (const { file, sending } of added) void send(file, sending.ending);
  };
  return { files, add, remove, clear: () => changeSending(talk, () => []) };
}

export function Composer({ talk }: { talk: VendorConversation }) {
  const t = useT();
  const moves = useTalkMoves(talk.id);
  const { files, add, remove, clear } = useFiles(talk.id);
  const [isNote, setIsNote] = useState(false);
  const text = useDraft(talk.id, isNote); // an answer and a note are apart
  const [asked, setAsked] = useState<"canned" | "card" | null>(null);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const told = useRef(0);
  const write = (next: string) => {
    setDraft(talk.id, isNote, next);
    if (isNote || next === "" || Date.now() - told.current < TELL_MS) return;
    told.current = Date.now();
    moves.typing();
  };
  const start = (note: boolean) => {
    setIsNote(note);
    field.current?.focus();
  };
  useKeys({ r: () => start(false), n: () => start(true), c: () => setAsked("canned"), p: () => setAsked("card") });
  const isReady = isNote ? text.trim() !== "" : (text.trim() !== "" || files.length > 0) && files.every((file) => file.id);
  const send = async () => {
    if (!isReady || busy) return;
    if (isNote) {
      setBusy(true);
      write("");
      if (!await moves.note(text.trim())) putBack(talk.id, true, text.trim());
      setBusy(false);
      return;
    }
    const attachments = files.flatMap((file) => (file.id ? [{ upload_id: file.id, name: file.name.slice(0, 120) }] : []));
    moves.send({ ...(text.trim() ? { text: text.trim() } : {}), ...(attachments.length > 0 ? { attachments } : {}) },
      { text: text.trim(), files: files.map((file) => file.name), customer: talk.customer.name });
    write("");
    clear();
  };
  const sendCard = (card: Card) => {
    setAsked(null);
    moves.send(card.input, { text: card.title, files: [], customer: talk.customer.name });
  };
  const hear = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send();
  };
  const paste = (event: ClipboardEvent) => {
    if (isNote || event.clipboardData.files.length === 0) return;
    event.preventDefault();
    add(event.clipboardData.files);
  };
  const name = talk.customer.name;
  return (
    <div className={cx("composer", isNote && "is-note")} onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        if (!isNote) add(event.dataTransfer.files);
      }}>
      <textarea ref={field} rows={2} value={text} maxLength={4000} dir="auto" aria-label={t(isNote ? "write_note" : "write_to", { name })}
        placeholder={t(isNote ? "write_note" : "write_to", { name })} aria-keyshortcuts="r" onKeyDown={hear} onPaste={paste}
        onChange={(event) => write(event.target.value)} />
      {!isNote && files.length > 0 && (
        <ul className="composer-files">
          {files.map((file) => (
            <li key={`${file.name}${files.indexOf(file)}`}>
              <bdi>{file.name}</bdi>
              {file.id === null && <progress max={100} value={file.percent} aria-label={t("uploading", { name: file.name, percent: file.percent })} />}
              <IconButton icon={X} label={t("remove_file", { name: file.name })} onClick={() => remove(file)} />
            </li>
          ))}
        </ul>
      )}
      <div className="composer-foot">
        <input ref={picker} type="file" multiple hidden accept={ACCEPT} onChange={(event) => {
          add(event.target.files ?? []);
          event.target.value = "";
        }} />
        {!isNote && <IconButton icon={Paperclip} label={t("attach")} onClick={() => picker.current?.click()} />}
        {!isNote && <IconButton icon={LayoutGrid} label={t("card")} aria-keyshortcuts="p" onClick={() => setAsked("card")} />}
        {!isNote && <IconButton icon={Sparkles} label={t("canned")} aria-keyshortcuts="c" onClick={() => setAsked("canned")} />}
        <Button look="quiet" icon={Lock} aria-pressed={isNote} className="note-toggle" onClick={() => start(!isNote)}>{t("mode_note")}</Button>
        <Button look="primary" icon={isNote ? Lock : ArrowUp} busy={busy} disabled={!isReady} onClick={() => void send()}>{t(isNote ? "add_note" : "send")}</Button>
      </div>
      {asked === "canned" && <CannedDialog onClose={() => setAsked(null)} onChoose={(chosen) => {
        setAsked(null);
        write(text ? `${text.trimEnd()}\n${chosen}` : chosen);
        setTimeout(() => field.current?.focus());
      }} />}
      {asked === "card" && <CardDialog talk={talk} onClose={() => setAsked(null)} onChoose={sendCard} />}
    </div>
  );
}
