// How many pieces of which line.
import type { LineQuantityInput, OrderLine, VendorSubOrder } from "@sebez/sdk";
import { useT } from "../texts/index.ts";

export function leftOf(line: OrderLine): number {
  return line.quantity - line.cancelled_quantity - line.shipped_quantity;
}

/** Of the lines that have pieces left. */
export function open(order: VendorSubOrder): OrderLine[] {
  return order.lines.filter((line) => leftOf(line) > 0);
}

export type Quantities = Readonly<Record<string, number>>;

export function everything(order: VendorSubOrder): Quantities {
  return Object.fromEntries(open(order).map((line) => [line.id, leftOf(line)]));
}

/** The lines as the server wants them; undefined for all that is left. */
export function chosen(order: VendorSubOrder, quantities: Quantities): LineQuantityInput[] | undefined {
  const lines = open(order).map((line) => ({ line_id: line.id, quantity: quantities[line.id] ?? 0, left: leftOf(line) }));
  if (lines.every((line) => line.quantity === line.left)) return undefined;
  return lines.filter((line) => line.quantity > 0).map(({ line_id, quantity }) => ({ line_id, quantity }));
}

export function QuantityList({ order, quantities, onChange }:
    { order: VendorSubOrder; quantities: Quantities; onChange: (quantities: Quantities) => void }) {
  const t = useT();
  return (
    <ul className="quantities">
      {open(order).map((line) => (
        <li key={line.id}>
          <label htmlFor={`quantity-${line.id}`}><b>{line.title}</b> <span className="quiet">{line.variant_title === "Default Title" ? "" : line.variant_title}</span></label>
          <input id={`quantity-${line.id}`} type="number" inputMode="numeric" min={0} max={leftOf(line)} required
            value={quantities[line.id] ?? 0}
            onChange={(event) => onChange({ ...quantities, [line.id]: Math.max(0, Math.min(leftOf(line), Math.trunc(Number(event.target.value)))) })} />
          <span className="quiet">{t("of_left", { count: leftOf(line) })}</span>
        </li>
      ))}
    </ul>
  );
}
