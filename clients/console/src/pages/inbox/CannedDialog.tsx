// Saved replies: choosing one, and keeping them.
import { useQueryClient } from "@tanstack/react-query";
import type { CannedReply } from "@sebez/sdk";
import { Pencil, Plus, Trash2 } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useCanned } from "../../inbox.ts";
import { say } from "../../problems.ts";
import { sebez } from "../../sebez.ts";
import { mayHost, useShop } from "../../shop.ts";
import { useT } from "../../texts/index.ts";
import { Area, Button, Dialog, Field, IconButton, Notice, Skeleton } from "../../ui/index.tsx";
import { tell } from "../../ui/toasts.tsx";

function Edit({ reply, onDone }: { reply: CannedReply | null; onDone: () => void }) {
  const t = useT();
  const shop = useShop();
  const queries = useQueryClient();
  const [title, setTitle] = useState(reply?.title ?? "");
  const [text, setText] = useState(reply?.text ?? "");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const input = { vendor_id: shop.id, title: title.trim(), text: text.trim() };
      await (reply ? sebez.updateCannedReply({ ...input, reply_id: reply.id }) : sebez.createCannedReply(input));
      await queries.invalidateQueries({ queryKey: ["shop", shop.id, "canned"] });
      onDone();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={save} className="stack">
      {problem !== null && <Notice kind="bad">{say(problem)}</Notice>}
      <Field label={t("canned_title")} value={title} required maxLength={80} autoFocus dir="auto" onChange={(event) => setTitle(event.target.value)} />
      <Area label={t("canned_text")} value={text} required maxLength={4000} rows={5} dir="auto" onChange={(event) => setText(event.target.value)} />
      <div className="dialog-foot">
        <Button look="quiet" onClick={onDone}>{t("back")}</Button>
        <Button look="primary" type="submit" busy={busy} disabled={title.trim() === "" || text.trim() === ""}>{t("canned_save")}</Button>
      </div>
    </form>
  );
}

export function CannedDialog({ onClose, onChoose }: { onClose: () => void; onChoose: (text: string) => void }) {
  const t = useT();
  const shop = useShop();
  const queries = useQueryClient();
  const canned = useCanned(true);
  const [find, setFind] = useState("");
  const [edited, setEdited] = useState<CannedReply | "new" | null>(null);
  const word = find.trim().toLowerCase();
  const shown = (canned.data ?? []).filter((each) => `${each.title} ${each.text}`.toLowerCase().includes(word));
  const remove = (reply: CannedReply) => void sebez.deleteCannedReply({ vendor_id: shop.id, reply_id: reply.id })
    .then(() => queries.invalidateQueries({ queryKey: ["shop", shop.id, "canned"] }), (error) => tell(say(error), "bad"));
  return (
    <Dialog title={t("canned")} about={t("canned_about")} onClose={onClose}>
      {edited ? <Edit reply={edited === "new" ? null : edited} onDone={() => setEdited(null)} /> : (
        <div className="stack">
          {canned.isPending && <Skeleton lines={4} />}
          {canned.isError && <Notice kind="bad">{say(canned.error)}</Notice>}
          {canned.data?.length === 0 && <p className="quiet">{t("canned_none")}</p>}
          {(canned.data?.length ?? 0) > 5 && <Field label={t("canned_find")} value={find} autoFocus dir="auto" onChange={(event) => setFind(event.target.value)} />}
          <ul className="choices">
            {shown.map((reply) => (
              <li key={reply.id}>
                <button type="button" className="choice-row" onClick={() => onChoose(reply.text)}>
                  <span className="grow"><b><bdi>{reply.title}</bdi></b><span className="quiet cut" dir="auto">{reply.text}</span></span>
                </button>
                {mayHost(shop) && <IconButton icon={Pencil} label={t("canned_edit", { title: reply.title })} onClick={() => setEdited(reply)} />}
                {mayHost(shop) && <IconButton icon={Trash2} label={t("canned_delete", { title: reply.title })} onClick={() => remove(reply)} />}
              </li>
            ))}
          </ul>
          <div className="dialog-foot">
            {mayHost(shop) && <Button icon={Plus} onClick={() => setEdited("new")}>{t("canned_new")}</Button>}
            <Button look="quiet" onClick={onClose}>{t("close")}</Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
