// What the tests act on: a server, and accounts that the runner has made (tests/wire/test_sdk_ts.py).
import { readFileSync } from "node:fs";
import { Sebez } from "@sebez/sdk";
import { SebezAdmin } from "@sebez/sdk/admin";

export const world = JSON.parse(readFileSync(process.env.SEBEZ_WORLD, "utf8"));

/** A client whose requests pass `through(request, send)`; send() gives the server's response. */
export function client(through, more = {}, Client = Sebez) {
  const options = { url: world.url, ...more };
  if (through)
    options.fetch = (url, init) => through({ url: String(url), ...init }, () => fetch(url, init));
  return new Client(options);
}

export async function signedIn(who, through, more) {
  const sebez = client(through, more, who === "admin" ? SebezAdmin : Sebez);
  await sebez.login({ email: world[who], password: world.password });
  return sebez;
}

/** What `look` gives, once it is something. */
export async function until(look) {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function quoted(sebez, quantity = 1) {
  await sebez.putCartLine({ variant_id: world.variant_id, quantity });
  return sebez.quoteCart({ shipping_address: world.address });
}

export function ordered(sebez, quote, options) {
  return sebez.placeOrder({
    quote_total: quote.total, shipping_address: world.address,
    payment: { method: "cash_on_delivery" },
  }, options);
}
