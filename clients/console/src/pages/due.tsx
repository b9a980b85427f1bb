// When something has to be done with a sub-order.
import type { QueueDeadlines } from "@sebez/sdk";
import { relative } from "../format.ts";
import { useT, type Key } from "../texts/index.ts";

const SOON_MS = 6 * 3_600_000;

export function Due({ item, now }: { item: { deadlines: QueueDeadlines }; now: number }) {
  const t = useT();
  const { pay_by, accept_by, ship_by } = item.deadlines;
  const time = accept_by ?? ship_by ?? pay_by;
  if (!time) return <span className="due due-none" aria-hidden>—</span>;
  const left = Date.parse(time) - now;
  const key: Key = left < 0 ? "due_late" : accept_by ? "due_accept" : ship_by ? "due_ship" : "due_pay";
  const kind = pay_by ? "calm" : left < 0 ? "late" : left < SOON_MS ? "soon" : "calm";
  return <span className={`due due-${kind}`}>{t(key, { when: relative(time, now) })}</span>;
}
