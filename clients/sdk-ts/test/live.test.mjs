import assert from "node:assert/strict";
import { test } from "node:test";
import { feed, freshKey, live, stateOf, upload } from "@sebez/sdk";
import { ordered, quoted, signedIn, until, world } from "./world.mjs";

/** Follows a live state; `seen()` is its latest. */
function follow(sebez, options = {}) {
  const stop = new AbortController();
  let latest = null;
  const kinds = new Set();
  const done = (async () => {
    for await (const { state, event } of live(sebez, { ...options, signal: stop.signal })) {
      latest = state;
      if (event) kinds.add(event.kind);
    }
  })();
  return {
    kinds,
    /** Once the state is what a fresh one is. */
    agrees: (fresh) => until(async () => {
      const { cursor: _, ...wanted } = stateOf(await fresh());
      if (!latest) return false;
      const { cursor, ...mine } = latest;
      try {
        assert.deepEqual(mine, wanted);
        return true;
      } catch {
        return false;
      }
    }),
    async end() {
      stop.abort();
      await done.catch(() => undefined);
    },
  };
}

test("the state with all events is the state that the server has", { timeout: 120000 }, async () => {
  const [ada, owner] = [await signedIn("customer"), await signedIn("owner")];
  const { vendor_id } = world;
  const customer = follow(ada), vendor = follow(owner, { vendor_id });
  const order = await ordered(ada, await quoted(ada, 2));
  const [part] = order.sub_orders;
  const { id: conversation_id } = await ada.openConversation({ vendor_id });
  await ada.sendMessage({ conversation_id, client_id: freshKey(), text: "When does it come?" });
  const answer = await owner.sendVendorMessage(
    { vendor_id, conversation_id, client_id: freshKey(), text: "Tomorow" });
  await owner.editVendorMessage({ vendor_id, conversation_id, message_id: answer.id, text: "Tomorrow" });
  await ada.markRead({ conversation_id, seq: 2 });
  const slip = await ada.sendMessage({ conversation_id, client_id: freshKey(), text: "Oh" });
  await ada.deleteMessage({ conversation_id, message_id: slip.id });
  await owner.acceptSubOrder({ vendor_id, sub_order_id: part.id });
  await owner.shipSubOrder({ vendor_id, sub_order_id: part.id, carrier: "Post" });
  await customer.agrees(() => ada.getSync());
  await vendor.agrees(() => owner.getVendorSync({ vendor_id }));
  for (const kind of ["order_placed", "sub_order_changed", "message_sent", "message_deleted"])
    assert.ok(customer.kinds.has(kind), kind);
  await customer.end();
  await vendor.end();
});

test("a feed goes on where it was left, and while the network is away", async () => {
  let lost = 0;
  const sebez = await signedIn("customer", async (request, send) => {
    if (request.url.includes("/v1/events?") && lost < 2) {
      lost++;
      throw new TypeError("the network is gone");
    }
    return send();
  }, { attempts: 1 });
  const { cursor } = await sebez.getSync();
  const order = await ordered(sebez, await quoted(sebez));
  const stop = new AbortController();
  for await (const item of feed(sebez, { after: cursor, signal: stop.signal })) {
    if (item.type !== "event" || item.event.kind !== "order_placed") continue;
    assert.equal(item.event.payload.order_id, order.id);
    break;
  }
  assert.equal(lost, 2);
});

test("a state that cannot be read at first is read when the network is back", async () => {
  let lost = 0;
  const troubles = [];
  const sebez = await signedIn("customer", async (request, send) => {
    if (request.url.endsWith("/v1/sync") && lost < 2) {
      lost++;
      throw new TypeError("the network is gone");
    }
    return send();
  }, { attempts: 1 });
  for await (const { state } of live(sebez, { onTrouble: (error) => troubles.push(error?.name ?? null) })) {
    assert.ok(state.cursor);
    break;
  }
  assert.deepEqual(troubles, ["NoAnswer", "NoAnswer", null]);
});

test("a feed without a cursor begins with a resync", async () => {
  const sebez = await signedIn("customer");
  for await (const item of feed(sebez)) {
    assert.equal(item.type, "resync");
    assert.ok(item.cursor);
    break;
  }
});

test("a picture is sent and can be used", { timeout: 120000 }, async () => {
  const sebez = await signedIn("customer");
  const bytes = Buffer.from(world.png, "base64");
  let sent = 0;
  const made = await upload(sebez, new Blob([bytes]), { purpose: "avatar", content_type: "image/png" },
    { onProgress: (done) => { sent = done; } });
  assert.equal(made.state, "ready");
  assert.equal(sent, bytes.length);
  const me = await sebez.updateMe({ avatar: { upload_id: made.id } });
  assert.equal(me.avatar.id, made.id);
});
