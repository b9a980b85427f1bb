import assert from "node:assert/strict";
import { test } from "node:test";
import { freshKey, NoAnswer, SebezProblem } from "@sebez/sdk";
import { client, ordered, quoted, signedIn, world } from "./world.mjs";

const LOST = new TypeError("the network is gone");

test("a guest's cart becomes the account's", async () => {
  const sebez = client();
  await sebez.putCartLine({ variant_id: world.variant_id, quantity: 3 });
  assert.equal((await sebez.getCart()).quantity, 3);
  assert.equal(await sebez.isSignedIn(), false);
  await sebez.login({ email: world.guest, password: world.password });
  assert.equal(await sebez.isSignedIn(), true);
  assert.equal((await sebez.getCart()).quantity, 3);
});

test("an order whose answer is lost is placed once", async () => {
  let placed = 0;
  const sebez = await signedIn("customer", async (request, send) => {
    if (!request.url.endsWith("/v1/orders") || request.method !== "POST") return send();
    const response = await send();
    if (++placed < 3) throw LOST;
    return response;
  });
  const before = (await sebez.listOrders()).items.length;
  const order = await ordered(sebez, await quoted(sebez));
  assert.equal(placed, 3);
  assert.equal((await sebez.listOrders()).items.length, before + 1);
  assert.equal((await sebez.getOrder({ order_id: order.id })).number, order.number);
});

test("the same key after the app was killed gives the same order", async () => {
  const key = freshKey();
  const sebez = await signedIn("customer", async (request, send) => {
    const response = await send();
    if (request.url.endsWith("/v1/orders") && request.method === "POST") throw LOST;
    return response;
  }, { attempts: 1 });
  const quote = await quoted(sebez);
  await assert.rejects(ordered(sebez, quote, { idempotencyKey: key }), NoAnswer);
  const later = await signedIn("customer");
  const order = await ordered(later, quote, { idempotencyKey: key });
  const again = await ordered(later, quote, { idempotencyKey: key });
  assert.equal(order.id, again.id);
});

test("what must not be sent twice is not", async () => {
  let sent = 0;
  const sebez = client(async (request, send) => {
    sent++;
    await send();
    throw LOST;
  });
  await assert.rejects(sebez.login({ email: world.customer, password: world.password }), NoAnswer);
  assert.equal(sent, 1);
});

test("a server that is overloaded is asked again when it says", async () => {
  let sent = 0;
  const sebez = client((request, send) => (++sent < 3
    ? new Response(JSON.stringify({ code: "overloaded", status: 503, detail: "", title: "" }),
      { status: 503, headers: { "Retry-After": "0" } }) : send()));
  assert.ok((await sebez.listProducts({ limit: 1 })).items.length);
  assert.equal(sent, 3);
});

test("what is asked for as a file is its text", async () => {
  const sebez = await signedIn("owner");
  const { vendor_id } = world;
  const month = new Date().toISOString().slice(0, 7);
  assert.match(await sebez.getStatement({ vendor_id, month, format: "csv" }), /^Entry,Time,/);
  assert.match(await sebez.reportSales({ vendor_id, format: "csv" }), /,Currency/);
  assert.ok((await sebez.reportSales({ vendor_id })).totals);
});

test("many calls with an old token refresh it once", async () => {
  let refreshed = 0;
  let kept = null;
  const store = { load: () => kept, save: (saved) => { kept = saved; } };
  await signedIn("customer", undefined, { store });
  kept = { ...kept, access_token: "at1_old" };
  const sebez = client((request, send) => {
    refreshed += request.url.endsWith("/v1/auth/refresh");
    return send();
  }, { store });
  const all = await Promise.all(Array.from({ length: 10 }, () => sebez.getMe()));
  assert.equal(new Set(all.map((me) => me.id)).size, 1);
  assert.equal(refreshed, 1);
  assert.notEqual(kept.access_token, "at1_old");
});

test("a refresh whose answer is lost is repeated and keeps the session", async () => {
  let kept = null;
  let lost = 0;
  const store = { load: () => kept, save: (saved) => { kept = saved; } };
  await signedIn("customer", undefined, { store });
  kept = { ...kept, access_token: "at1_old" };
  const sebez = client(async (request, send) => {
    const response = await send();
    if (request.url.endsWith("/v1/auth/refresh") && lost++ < 1) throw LOST;
    return response;
  }, { store });
  assert.ok((await sebez.getMe()).id);
  assert.equal(lost, 2);
});

test("a store that fails once is asked again", async () => {
  let asked = 0;
  const store = { load: () => { if (asked++ === 0) throw new Error("locked"); return null; }, save: () => {} };
  const sebez = client(undefined, { store });
  await assert.rejects(sebez.listProducts({ limit: 1 }), /locked/);
  assert.ok((await sebez.listProducts({ limit: 1 })).items.length);
});

test("what is refused for long is told at once", async () => {
  let sent = 0;
  const sebez = client(() => {
    sent++;
    return new Response(JSON.stringify({ code: "rate_limited", status: 429, detail: "", title: "" }),
      { status: 429, headers: { "Retry-After": "3600" } });
  });
  await assert.rejects(sebez.listProducts({ limit: 1 }), { code: "rate_limited", retryAfterMs: 3600000 });
  assert.equal(sent, 1);
});

test("a session that was ended elsewhere is told once", async () => {
  let told = 0;
  const sebez = await signedIn("customer", undefined, { onSignedOut: () => told++ });
  const { items } = await sebez.listMySessions();
  await sebez.endSession({ session_id: items[0].id });
  const answers = await Promise.allSettled([sebez.getMe(), sebez.getMe(), sebez.listOrders()]);
  for (const { reason } of answers) assert.ok(reason instanceof SebezProblem && reason.status === 401);
  assert.equal(told, 1);
  assert.equal(await sebez.isSignedIn(), false);
});

test("a problem has its code, and what is wrong by field", async () => {
  const sebez = await signedIn("customer");
  const problem = await sebez.createAddress({ name: "", line1: "x", city: "London", country: "XX" })
    .catch((error) => error);
  assert.ok(problem instanceof SebezProblem);
  assert.equal(problem.code, "invalid_input");
  assert.ok(problem.of("/name") && problem.of("/country") && !problem.of("/city"));
  assert.match(problem.requestId, /^[0-9a-f-]{36}$/);
  const missing = await sebez.getOrder({ order_id: world.vendor_id }).catch((error) => error);
  assert.deepEqual([missing.status, missing.code], [404, "not_found"]);
});

test("a page of a proxy is a problem too", async () => {
  const sebez = client(() => new Response("<h1>Bad gateway</h1>", { status: 502 }), { attempts: 1 });
  const problem = await sebez.listProducts().catch((error) => error);
  assert.deepEqual([problem.status, problem.code], [502, "unavailable"]);
});

test("a list is walked page by page", async () => {
  const sebez = client();
  const whole = (await sebez.listProducts({ vendor: world.vendor_id, limit: 100 })).items;
  const walked = [];
  for await (const product of sebez.all("listProducts", { vendor: world.vendor_id, limit: 2 }))
    walked.push(product.id);
  assert.ok(walked.length > 4);
  assert.deepEqual(walked, whole.map((product) => product.id));
});

test("what admins do is of a client of its own, which does the rest too", async () => {
  assert.equal("adminListUsers" in client(), false);
  const admin = await signedIn("admin");
  const found = [];
  for await (const user of admin.all("adminListUsers", { q: world.owner })) found.push(user.email);
  assert.deepEqual(found, [world.owner]);
  assert.equal((await admin.getMe()).email, world.admin);
});

test("filters of options and lists reach the server", async () => {
  const sebez = client();
  const color = (value) => sebez.listProducts({ vendor: world.vendor_id, option: [`Color:${value}`] });
  assert.equal((await color("Sea & sky")).items.length, 1);
  assert.equal((await color("None")).items.length, 0);
});

test("a change that is based on an old version is refused", async () => {
  const sebez = await signedIn("owner");
  const { vendor_id, product_id } = world;
  let etag = null;
  await sebez.getVendorProduct({ vendor_id, product_id },
    { onResponse: (response) => { etag = response.headers.get("ETag"); } });
  await sebez.updateVendorProduct({ vendor_id, product_id, title: "A mug" }, { ifMatch: etag });
  await assert.rejects(
    sebez.updateVendorProduct({ vendor_id, product_id, title: "Another" }, { ifMatch: etag }),
    { code: "version_mismatch" });
});

test("an aborted call ends with the reason", async () => {
  const sebez = await signedIn("customer");
  const reason = new Error("the screen was left");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(sebez.getMe({}, { signal }), reason);
});
