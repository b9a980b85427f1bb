"""A proxy before an S3, which fails as it is told."""
import http.client
import http.server
import threading
from xml.sax.saxutils import escape


class Front:
    """fault: a function of the handler of a request, or None. It answers instead of the bucket and
    returns True, or does nothing and returns False."""

    def __init__(self, endpoint):
        self.back = int(endpoint.rpartition(":")[2])
        self.port = 0
        self.fault = None
        self.faults = 0  # how many requests it has failed
        self.seen = 0
        self.server = None
        self.up()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def up(self):
        front = self

        class Handler(Request):
            back = front.back

            def handle_call(self):
                front.pass_on(self)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_call

        http.server.ThreadingHTTPServer.allow_reuse_address = True
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def down(self):
        """Nobody listens any more. Connections that are open end with their next request."""
        self.fault = drop
        self.server.shutdown()
        self.server.server_close()

    def pass_on(self, request):
        request.body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.seen += 1
        fault = self.fault
        if fault is None or not fault(request):
            request.forward()
        else:
            self.faults += 1


class Request(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def asked(self):
        """(status, headers, body) of the bucket."""
        back = http.client.HTTPConnection("127.0.0.1", self.back, timeout=60)
        back.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("connection", "expect"):
                back.putheader(name, value)
        back.endheaders(self.body)
        answer = back.getresponse()
        headers = [(name, value) for name, value in answer.getheaders()
                   if name.lower() not in ("server", "date", "connection")]
        body = answer.read()
        back.close()
        return answer.status, headers, body

    def give(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def forward(self):
        self.give(*self.asked())

    def is_list(self):
        return "list-type=" in self.path


# Faults.

def drop(request):
    request.close_connection = True
    return True


def refuse(status, code, **headers):
    """As S3 does."""
    def fault(request):
        body = f"<?xml version='1.0'?><Error><Code>{escape(code)}</Code></Error>".encode()
        request.give(status, [("Content-Length", str(len(body))), *headers.items()], body)
        return True
    return fault


def stray(request):
    """As a proxy that has lost its way."""
    body = b"<html><body>default backend - 404</body></html>"
    request.give(404, [("Content-Length", str(len(body)))], body)
    return True


def halve(request):
    """Half of the body, and the connection ends."""
    status, headers, body = request.asked()
    request.give(status, headers, body[:len(body) // 2])
    request.close_connection = True
    return True


def cut(request):
    """Half of the body, as if that were all."""
    status, headers, body = request.asked()
    body = body[:len(body) // 2]
    headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
    request.give(status, [*headers, ("Content-Length", str(len(body)))], body)
    return True


def mark(request):
    """Another ETag than the bucket's."""
    status, headers, body = request.asked()
    request.give(status, [(name, '"other"' if name.lower() == "etag" else value)
                          for name, value in headers], body)
    return True


class Hang:
    """Takes requests and answers none until end(), which drops them, or passes them on."""

    def __init__(self, then=drop):
        self.taken, self.ended, self.then = threading.Event(), threading.Event(), then

    def __call__(self, request):
        self.taken.set()
        self.ended.wait()
        return self.then(request)

    def end(self):
        self.ended.set()


def only(method, word, fault):
    """The fault for some requests."""
    def chosen(request):
        return request.command == method and word in request.path and fault(request)
    return chosen
