// Compiled, never run: what a developer writes has types, and mistakes are found.
import { feed, live, Sebez, SebezProblem, type Event, type Order } from "@sebez/sdk";
import { SebezAdmin } from "@sebez/sdk/admin";

const sebez = new Sebez({ url: "https://shop.example.com" });

export async function buy(variant_id: string): Promise<Order> {
  await sebez.putCartLine({ variant_id, quantity: 1 });
  const quote = await sebez.quoteCart();
  try {
    return await sebez.placeOrder({
      quote_total: quote.total, payment: { method: "cash_on_delivery" },
      shipping_address: { name: "Ada", line1: "1 Street", city: "London", country: "GB" },
    });
  } catch (error) {
    if (error instanceof SebezProblem && error.code === "quote_changed") return buy(variant_id);
    throw error;
  }
}

export function describe(event: Event): string {
  switch (event.kind) {
    case "message_sent": return event.payload.text;
    case "sub_order_changed": return event.payload.status;
    default: return event.kind;
  }
}

export async function titles(): Promise<string[]> {
  const found: string[] = [];
  for await (const product of sebez.all("listProducts", { q: "mug" })) found.push(product.title);
  for await (const { state } of live(sebez)) return [...found, ...Object.keys(state.orders)];
  return found;
}

export async function* names(admin: SebezAdmin): AsyncGenerator<string> {
  for await (const user of admin.all("adminListUsers", { limit: 50 })) yield user.name;
  for await (const item of feed(admin)) yield item.type;
}

// @ts-expect-error: quantity is a number
void sebez.putCartLine({ variant_id: "x", quantity: "1" });
// @ts-expect-error: there is no such operation
void sebez.placeOrders({});
// @ts-expect-error: a product is no list of pages
void sebez.all("getProduct", {});
// @ts-expect-error: only a client of admins has it
void sebez.adminListUsers();
