"""Providers of text messages: one that speaks Twilio's protocol, and a gateway that takes JSON or
a form."""
import base64
import http.server
import json
import threading
import urllib.parse

ACCOUNT, TOKEN = "AC0123456789", "tw1lio-s3cret"
GATEWAY_KEY = "Bearer g4teway-s3cret"


class SmsProvider:
    """`messages`: what was taken, as {"by", "to", "text", "from", "id"}. `answer(message)` gives
    None to take it, or (status, body)."""

    def __init__(self):
        self.messages, self.answer = [], lambda message: None
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, answer = provider.take(self.path, self.headers, body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def take(self, path, headers, body):
        if path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
            pair = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
            if headers["Authorization"] != f"Basic {pair}":
                return 401, {"code": 20003, "message": "Authenticate", "status": 401}
            form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
            message = {"by": "twilio", "to": form["To"], "text": form["Body"], "id": None,
                       "from": form.get("From") or form["MessagingServiceSid"]}
            taken = (201, {"sid": "SM1", "status": "queued"})
        elif path == "/send":
            if headers["Authorization"] != GATEWAY_KEY:
                return 403, {}
            is_json = headers["Content-Type"].startswith("application/json")
            fields = json.loads(body) if is_json else dict(urllib.parse.parse_qsl(body))
            message = {"by": "gateway", "to": fields["recipient"], "text": fields["message"],
                       "from": fields.get("sender"), "id": fields.get("reference")}
            taken = (200, {"acknowledge": "success"})
        else:
            return 404, {}
        refused = self.answer(message)
        if refused is None:
            self.messages.append(message)
        return refused or taken

    def to(self, number):
        return [message for message in self.messages if message["to"] == number]

    def twilio(self, **changes):
        return {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN,
                "TWILIO_ORIGIN": self.url, "SMS_FROM": "+15005550006", **changes}

    def gateway(self, **changes):
        body = ('{"recipient": "{to}", "message": "{text}", "sender": "{from}", '
                '"reference": "{id}"}')
        return {"SMS_GATEWAY_URL": f"{self.url}/send", "SMS_FROM": "Sebez",
                "SMS_GATEWAY_HEADER": f"Authorization: {GATEWAY_KEY}", "SMS_GATEWAY_BODY": body,
                "SMS_GATEWAY_ACCEPTED": '"acknowledge": "success"', **changes}
