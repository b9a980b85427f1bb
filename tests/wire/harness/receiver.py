"""A server of somebody who receives webhooks: what it answers is set by path; it keeps what came.

`verified` is written after the specification of Standard Webhooks and shares nothing with ours."""
import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import threading

from .wait import until

# Of a server that calls receivers of this machine.
CALLING = {"SEBEZ_ALLOWED_NETWORKS": "127.0.0.1"}


class Call:
    def __init__(self, headers, body):
        self.headers, self.body = headers, body
        self.id = headers["webhook-id"]
        self.json = json.loads(body)

    def signed_by(self, secret):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return f"v1,{mac}" in self.headers["webhook-signature"].split(" ")


class Receiver(http.server.ThreadingHTTPServer):
    """answers: by path, what comes in turn, the last for ever: a status, (status, headers), or an
    event that is waited for before 204."""
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.answers, self.calls, self.lock = {}, {}, threading.Lock()

    @property
    def port(self):
        return self.server_address[1]

    def url(self, path, *answers):
        self.answers[path] = list(answers or [204])
        return f"http://127.0.0.1:{self.port}{path}"

    def got(self, path):
        with self.lock:
            return list(self.calls.get(path, []))

    def wait(self, path, count):
        until(lambda: len(self.got(path)) >= count)
        return self.got(path)

    def handle_error(self, request, client_address):
        pass  # a client that goes away


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        site = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with site.lock:
            site.calls.setdefault(self.path, []).append(Call(dict(self.headers), body))
            answers = site.answers.get(self.path, [404])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, threading.Event):
            answer.wait(120)
            answer = 204
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def receiving(port=0):
    site = Receiver(port)
    thread = threading.Thread(target=site.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        site.server_close()
        thread.join()
