// What the libraries of others send for a notice, and what they read of ours: a JSON array of questions from standard
// input, of answers to standard output. A request is {method, path, headers, body}.
//   {fcm: message}                   the request of firebase-admin
//   {apns: {device, notification}}   the request of @parse/node-apn
//   {web: {subscription, options}}   the headers of web-push
//   {sealed: {body, key, auth}}      the text that http_ece, which web-push encrypts with, finds in a body
import { createECDH, generateKeyPairSync } from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const http2 = require("node:http2");

// A server takes what they mean for Google and Apple.
const requests = [];
const server = http2.createServer();
server.on("stream", (stream, headers) => {
  const pieces = [];
  stream.on("data", (piece) => pieces.push(piece));
  stream.on("end", () => {
    const { ":method": method, ":path": path } = headers;
    requests.push({ method, path, headers, body: JSON.parse(Buffer.concat(pieces).toString()) });
    stream.respond({ ":status": 200, "content-type": "application/json" });
    stream.end(path.includes("/device/") ? "" : JSON.stringify({ name: "projects/shop/messages/1" }));
  });
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const connect = http2.connect;
http2.connect = (_, ...more) => {
  const session = connect(`http://127.0.0.1:${server.address().port}`, {}, more.find((one) => typeof one === "function"));
  const request = session.request.bind(session);
  session.request = (headers, ...rest) => request({ ...headers, ":scheme": "http" }, ...rest);
  return session;
};

const { initializeApp } = require("firebase-admin/app");
const { getMessaging } = require("firebase-admin/messaging");
const apn = require("@parse/node-apn");
const webPush = require("web-push");
const ece = require("http_ece");

const app = initializeApp({
  projectId: "shop",
  credential: { getAccessToken: async () => ({ access_token: "token", expires_in: 3600 }) },
});
const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });
const provider = new apn.Provider({ token: { key, keyId: "KEY1234567", teamId: "TEAM123456" }, production: true });

async function sent(send) {
  const said = await send();
  if (requests.length !== 1) throw new Error(`${requests.length} requests; ${JSON.stringify(said)}`);
  return requests.pop();
}

function decrypted({ body, key, auth }) {
  const curve = createECDH("prime256v1");
  curve.setPrivateKey(Buffer.from(key, "base64url"));
  return ece.decrypt(Buffer.from(body, "base64url"), {
    version: "aes128gcm", privateKey: curve, authSecret: auth }).toString();
}

async function answer(asked) {
  if (asked.fcm) return sent(() => getMessaging(app).sendEach([asked.fcm]));
  if (asked.apns)
    return sent(() => provider.send(Object.assign(new apn.Notification(), asked.apns.notification), asked.apns.device));
  if (asked.web) {
    const { publicKey, privateKey } = webPush.generateVAPIDKeys();
    const options = { ...asked.web.options,
      vapidDetails: { subject: "mailto:push@shop.example", publicKey, privateKey } };
    return webPush.generateRequestDetails(asked.web.subscription, "text", options).headers;
  }
  return decrypted(asked.sealed);
}

let text = "";
for await (const piece of process.stdin) text += piece;
const answers = [];
for (const asked of JSON.parse(text)) answers.push(await answer(asked));
process.stdout.write(JSON.stringify(answers), () => process.exit(0));
