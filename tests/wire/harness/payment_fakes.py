"""Payment providers that tests control: they keep books of what they took, refuse what the real
ones refuse, and can lose an answer after they did what they were asked."""
import hashlib
import hmac
import http.server
import json
import threading
import time
import urllib.parse

import requests

CHAPA_KEY, CHAPA_SECRET, CHAPA_OLD = "CHASECK_TEST-1", "chapa-hook", "chapa-hook-before"
STRIPE_KEY, STRIPE_SECRET, STRIPE_OLD = "sk_test_1", "whsec_new", "whsec_old"
VERSION = "2024-06-20"
INTENT = {"amount", "currency", "automatic_payment_methods[enabled]", "description",
          "metadata[attempt_id]"}


def signed(secret, text):
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


class Fake:
    """`lose(method, path)`: whether the answer is lost, after the call had its effect. `asked`: all
    calls. `stall`: an Event that calls wait for."""

    def __init__(self):
        self.lock, self.asked = threading.RLock(), []
        self.lose, self.stall = lambda method, path: False, None
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                with fake.lock:
                    fake.asked.append((self.command, self.path))
                    status, answer = fake.take(self.command, self.path, self.headers, body)
                    lost = fake.lose(self.command, self.path)
                if fake.stall:
                    fake.stall.wait(20)
                if lost:
                    self.connection.close()
                    return
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except (OSError, ValueError):
                    self.close_connection = True

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Chapa(Fake):
    """`payments`: by tx_ref, {amount, currency, status, refunds: {reference: amount}}. `refuses`:
    whether it refuses the repetition of a refund."""

    def __init__(self):
        super().__init__()
        self.payments, self.refuses = {}, False

    def take(self, method, path, headers, body):
        if headers["Authorization"] != f"Bearer {CHAPA_KEY}":
            return 401, {"message": "Invalid API Key", "status": "failed", "data": None}
        parts = path.strip("/").split("/")
        if (method, parts) == ("GET", ["v1", "banks"]):
            return 200, {"message": "Banks retrieved", "data": []}
        if (method, parts) == ("POST", ["v1", "transaction", "initialize"]):
            return self.initialize(json.loads(body))
        if method == "GET" and parts[:3] == ["v1", "transaction", "verify"]:
            return self.verify(parts[3])
        if method == "POST" and parts[:2] == ["v1", "refund"]:
            return self.refund(parts[2], dict(urllib.parse.parse_qsl(body, strict_parsing=True)))
        if method == "GET" and parts[:2] == ["v1", "refund"] and parts[3:] == ["verify"]:
            return 200, {"status": "success", "message": "Refund verified successfully",
                         "data": {"ref_id": parts[2], "status": "refunded"}}
        return 404, {"message": "Not found", "status": "failed", "data": None}

    def initialize(self, asked):
        assert set(asked) <= {"amount", "currency", "tx_ref", "return_url", "customization"}
        if asked["tx_ref"] in self.payments:
            return 400, {"message": "Transaction reference has been used before",
                         "status": "failed", "data": None}
        self.payments[asked["tx_ref"]] = {"amount": asked["amount"], "currency": asked["currency"],
                                          "status": None, "refunds": {}}
        return 200, {"message": "Hosted Link", "status": "success",
                     "data": {"checkout_url": f"{self.url}/pay/{asked['tx_ref']}"}}

    def verify(self, tx_ref):
        payment = self.payments.get(tx_ref)
        if payment is None:
            return 404, {"message": "Invalid transaction or Transaction not found",
                         "status": "failed", "data": None}
        if payment["status"] is None:
            return 404, {"message": "Payment not paid yet", "status": None, "data": None}
        return 200, {"message": "Payment details", "status": "success", "data": {
            "tx_ref": tx_ref, "reference": "AP" + tx_ref[-8:], "status": payment["status"],
            "amount": float(payment["amount"]), "currency": payment["currency"]}}

    def refund(self, reference, asked):
        (payment,) = [p for ref, p in self.payments.items()
                      if reference in (ref, "AP" + ref[-8:])]
        again = asked["reference"] in payment["refunds"]
        if again and self.refuses:
            return 400, {"message": "Reference has been used before", "status": "failed",
                         "data": None}
        payment["refunds"][asked["reference"]] = float(asked["amount"])
        if sum(payment["refunds"].values()) > float(payment["amount"]):
            del payment["refunds"][asked["reference"]]
            return 400, {"message": "More than was paid", "status": "failed", "data": None}
        return 200, {"status": "success", "message": "again" if again else "Refund initiated",
                     "data": {"ref_id": "RF" + asked["reference"][-8:], "status": "initiated"}}

    def pay(self, tx_ref, status="success"):
        with self.lock:
            self.payments[tx_ref]["status"] = status

    def refunded(self):
        with self.lock:
            return sum(sum(p["refunds"].values()) for p in self.payments.values())

    def tell(self, url, tx_ref, secret=CHAPA_SECRET, **changed):
        body = json.dumps({"event": "charge.success", "tx_ref": tx_ref, "status": "success",
                           **changed})
        return requests.post(f"{url}/v1/payment-webhooks/chapa", data=body, timeout=10, headers={
            "Content-Type": "application/json", "x-chapa-signature": signed(secret, body)})


class Stripe(Fake):
    """`intents` and `refunds`: by id, as they are answered."""

    def __init__(self):
        super().__init__()
        self.intents, self.refunds, self.keys = {}, {}, {}
        self.disputes, self.evidence, self.refuses_evidence = {}, {}, False
        self.posted = []  # (path, form) as it came
        self.refunds_begin = "succeeded"

    def take(self, method, path, headers, body):
        if headers["Authorization"] != f"Bearer {STRIPE_KEY}":
            return 401, {"error": {"message": "Invalid API Key"}}
        if (method, path) == ("GET", "/v1/balance"):
            return 200, {"object": "balance"}
        assert headers["Stripe-Version"] == VERSION
        form = dict(urllib.parse.parse_qsl(body, strict_parsing=True)) if body else {}
        if method == "POST":
            self.posted.append((path, body))
        key = headers.get("Idempotency-Key")
        assert (method == "POST") == bool(key)
        if key in self.keys:
            asked, answer = self.keys[key]
            return answer if asked == (path, form) else (400, {"error": {"code": "key_in_use"}})
        path, _, query = path.partition("?")
        if (method, path) == ("GET", "/v1/refunds"):
            (intent,) = urllib.parse.parse_qs(query)["payment_intent"]
            return 200, {"data": [refund for refund in self.refunds.values()
                                  if refund["payment_intent"] == intent]}
        answer = self.do(method, path.strip("/").split("/")[1:], form)
        if key:
            self.keys[key] = (path, form), answer
        return answer

    def do(self, method, parts, form):
        if parts[0] == "payment_intents" and len(parts) == 1:
            assert set(form) == INTENT, form
            intent = {"id": f"pi_{len(self.intents)}", "status": "requires_payment_method",
                      "amount": int(form["amount"]), "amount_received": 0,
                      "currency": form["currency"], "client_secret": f"secret_{len(self.intents)}",
                      "metadata": {"attempt_id": form["metadata[attempt_id]"]}}
            self.intents[intent["id"]] = intent
            return 200, dict(intent)
        if parts[0] == "payment_intents":
            intent = self.intents.get(parts[1])
            if intent is None:
                return 404, {"error": {"code": "resource_missing"}}
            if parts[2:] == ["cancel"]:
                if intent["status"] == "succeeded":
                    return 400, {"error": {"code": "payment_intent_unexpected_state"}}
                intent.update(status="canceled", cancellation_reason=form["cancellation_reason"])
            return 200, dict(intent)
        if parts[0] == "disputes":
            dispute = self.disputes.get(parts[1])
            if dispute is None:
                return 404, {"error": {"code": "resource_missing"}}
            if method == "POST":
                assert form["submit"] == "true"
                if self.refuses_evidence or not dispute["status"].endswith("needs_response"):
                    return 400, {"error": {"message": "This dispute is closed"}}
                self.evidence[parts[1]] = {k: v for k, v in form.items() if k != "submit"}
                dispute.update(status=dispute["status"].replace("needs_response", "under_review"))
            return 200, dict(dispute)
        if method == "POST":
            assert set(form) == {"payment_intent", "amount", "metadata[refund_id]"}, form
            intent = self.intents[form["payment_intent"]]
            before = sum(r["amount"] for r in self.refunds.values()
                         if r["payment_intent"] == intent["id"])
            if before + int(form["amount"]) > intent["amount_received"]:
                return 400, {"error": {"code": "amount_too_large"}}
            refund = {"id": f"re_{len(self.refunds)}", "status": self.refunds_begin,
                      "payment_intent": intent["id"], "amount": int(form["amount"]),
                      "metadata": {"refund_id": form["metadata[refund_id]"]}}
            self.refunds[refund["id"]] = refund
            return 200, dict(refund)
        return 200, dict(self.refunds[parts[1]])

    def intent_of(self, attempt_id):
        with self.lock:
            (intent,) = [i for i in self.intents.values()
                         if i["metadata"]["attempt_id"] == attempt_id]
            return intent

    def pay(self, attempt_id):
        with self.lock:
            intent = self.intent_of(attempt_id)
            intent.update(status="succeeded", amount_received=intent["amount"])

    def refunded(self):
        with self.lock:
            return sum(refund["amount"] for refund in self.refunds.values())

    def dispute(self, attempt_id, name="du_1", status="needs_response"):
        """The bank takes back what an attempt paid, or asks about it."""
        with self.lock:
            intent = self.intent_of(attempt_id)
            self.disputes[name] = {
                "id": name, "status": status, "payment_intent": intent["id"],
                "amount": intent["amount"], "currency": intent["currency"],
                "reason": "product_not_received", "metadata": {},
                "evidence_details": {"due_by": int(time.time()) + 7 * 24 * 3600},
                "balance_transactions": [{"amount": -intent["amount"], "fee": 1500}]}
            return self.disputes[name]

    def fail(self, refund_id):
        """A refund that was made does not arrive."""
        with self.lock:
            (refund,) = [r for r in self.refunds.values()
                         if r["metadata"]["refund_id"] == refund_id]
            refund.update(status="failed", failure_reason="lost_or_stolen_card")

    def arrive(self):
        """All refunds that take their time."""
        with self.lock:
            for refund in self.refunds.values():
                if refund["status"] == "pending":
                    refund["status"] = "succeeded"

    def tell(self, url, attempt_id, secret=STRIPE_SECRET, age_s=0, kind="payment_intent.succeeded"):
        return self.say(url, {"id": "pi_0", "metadata": {"attempt_id": attempt_id}}, kind, secret,
                        age_s)

    def say(self, url, thing, kind, secret=STRIPE_SECRET, age_s=0):
        """`thing` as the object of an event."""
        at = int(time.time()) - age_s
        body = json.dumps({"id": "evt_1", "type": kind, "data": {"object": thing}})
        return requests.post(f"{url}/v1/payment-webhooks/stripe", data=body, timeout=10, headers={
            "Content-Type": "application/json",
            "Stripe-Signature": f"t={at},v1={'0' * 64},v1={signed(secret, f'{at}.{body}')},v0=x"})


def settings(chapa, stripe):
    return {"CHAPA_SECRET_KEY": CHAPA_KEY, "CHAPA_URL": chapa.url,
            "CHAPA_WEBHOOK_SECRETS": f"{CHAPA_SECRET} {CHAPA_OLD}",
            "STRIPE_SECRET_KEY": STRIPE_KEY, "STRIPE_URL": stripe.url,
            "STRIPE_WEBHOOK_SECRETS": f"{STRIPE_SECRET} {STRIPE_OLD}"}
