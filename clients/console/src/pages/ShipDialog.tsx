// Sending a parcel: what is in it, and how it can be tracked.
import { freshKey, SebezProblem, type VendorSubOrder } from "@sebez/sdk";
import { Truck } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useMoves } from "../orders.ts";
import { say } from "../problems.ts";
import { sebez } from "../sebez.ts";
import { useShop } from "../shop.ts";
import { useT } from "../texts/index.ts";
import { Button, Dialog, Field, Notice } from "../ui/index.tsx";
import { chosen, everything, QuantityList } from "./quantities.tsx";

const CARRIER = "sebez.carrier"; // what was used last is proposed

export function ShipDialog({ order, onClose }: { order: VendorSubOrder; onClose: () => void }) {
  const t = useT();
  const shop = useShop();
  const moves = useMoves();
  const [key] = useState(freshKey);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [quantities, setQuantities] = useState(() => everything(order));
  const lines = chosen(order, quantities);
  const field = (name: string) => (problem instanceof SebezProblem ? problem.of(`/${name}`) : undefined);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim() || null;
    const carrier = text("carrier");
    setBusy(true);
    try {
      const sent = await sebez.shipSubOrder({
        vendor_id: shop.id, sub_order_id: order.id, carrier, tracking_number: text("tracking_number"),
        tracking_url: text("tracking_url"), ...(lines ? { lines } : {}),
      }, { idempotencyKey: key });
      if (carrier) localStorage.setItem(CARRIER, carrier);
      moves.took(sent, t("done_ship", { number: order.number }));
      onClose();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  const isOfField = problem instanceof SebezProblem && problem.errors.length > 0;
  return (
    <Dialog title={t("ship_title", { number: order.number })} about={t("ship_about")} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        {problem !== null && !isOfField && <Notice kind="bad">{say(problem)}</Notice>}
        <Field label={t("carrier")} name="carrier" isOptional maxLength={80} autoFocus
          defaultValue={localStorage.getItem(CARRIER) ?? ""} problem={field("carrier")} />
        <Field label={t("tracking_number")} name="tracking_number" isOptional maxLength={80} dir="ltr"
          problem={field("tracking_number")} />
        <Field label={t("tracking_url")} name="tracking_url" type="url" isOptional maxLength={500} dir="ltr"
          placeholder="https://" problem={field("tracking_url")} />
        <fieldset className="plain-set">
          <legend>{t("in_parcel")}</legend>
          <QuantityList order={order} quantities={quantities} onChange={setQuantities} />
        </fieldset>
        <div className="dialog-foot">
          <Button look="quiet" onClick={onClose}>{t("cancel")}</Button>
          <Button look="primary" icon={Truck} type="submit" busy={busy} disabled={lines?.length === 0}>
            {t(lines ? "ship_part" : "ship_now")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
