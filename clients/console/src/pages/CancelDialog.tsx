// Cancelling, or refusing, a sub-order or some of its lines, with a reason that the customer reads.
import { freshKey, type VendorSubOrder } from "@sebez/sdk";
import { useState, type FormEvent } from "react";
import { useMoves } from "../orders.ts";
import { say } from "../problems.ts";
import { sebez } from "../sebez.ts";
import { useShop } from "../shop.ts";
import { useT } from "../texts/index.ts";
import { Button, Choice, Dialog, Field, Notice } from "../ui/index.tsx";
import { chosen, everything, open, QuantityList, type Quantities } from "./quantities.tsx";

const REASONS = ["reason_stock", "reason_damaged", "reason_address"] as const;

export function CancelDialog({ order, onClose }: { order: VendorSubOrder; onClose: () => void }) {
  const t = useT();
  const shop = useShop();
  const moves = useMoves();
  const [key] = useState(freshKey);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [reason, setReason] = useState("");
  const [which, setWhich] = useState<"all" | "some">("all");
  const [quantities, setQuantities] = useState<Quantities>({});
  const lines = chosen(order, which === "all" ? everything(order) : quantities);
  const mayChoose = open(order).length > 1 || open(order).some((line) => line.quantity > 1);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const left = await sebez.cancelSubOrderByVendor({
        vendor_id: shop.id, sub_order_id: order.id, reason: reason.trim(), ...(lines ? { lines } : {}),
      }, { idempotencyKey: key });
      moves.took(left, t("done_cancel", { number: order.number }));
      onClose();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  const title = t(order.status === "placed" ? "refuse_title" : "cancel_title", { number: order.number });
  return (
    <Dialog title={title} about={t("cancel_about")} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        {problem !== null && <Notice kind="bad">{say(problem)}</Notice>}
        <Field label={t("reason")} hint={t("reason_hint")} value={reason} required maxLength={500} autoFocus dir="auto"
          onChange={(event) => setReason(event.target.value)} />
        <div className="row chips">
          {REASONS.map((each) => <Button key={each} look="quiet" className="chip" onClick={() => setReason(t(each))}>{t(each)}</Button>)}
        </div>
        {mayChoose && (
          <Choice label={t("cancel_which")} value={which} onChange={setWhich}
            options={{ all: t("cancel_all"), some: t("cancel_some") }} />
        )}
        {which === "some" && <QuantityList order={order} quantities={quantities} onChange={setQuantities} />}
        <div className="dialog-foot">
          <Button look="quiet" onClick={onClose}>{t("keep")}</Button>
          <Button look="danger" type="submit" busy={busy} disabled={lines?.length === 0 || reason.trim() === ""}>{t("cancel_now")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
