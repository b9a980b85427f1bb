"""A server elsewhere that pictures are fetched from: what it answers is set by path, and it keeps
what it was asked."""
import contextlib
import http.server
import threading

from .sent import png

# Of a server that fetches from it.
FETCHING = {"SEBEZ_MEDIA_PROCESSES": 1, "SEBEZ_ALLOWED_NETWORKS": "127.0.0.1",
            "SEBEZ_FETCH_INTERVAL_MS": 0}


class Elsewhere(http.server.ThreadingHTTPServer):
    """answers: by path, what comes in turn, the last for ever: bytes; a status; (status, headers,
    bytes); or a function of the handler, which writes it all."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked, self.lock = {}, [], threading.Lock()
        self.held = {}  # path: an event that lets the answer go

    @property
    def port(self):
        return self.server_address[1]

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def has(self, path, *answers):
        """The URL of a path with these answers; of a picture of its own without any."""
        self.answers[path] = list(answers or [png(path)])
        return self.url(path)

    def holds(self, path):
        """The URL of a picture that does not come before go()."""
        self.held[path] = threading.Event()
        return self.has(path)

    def go(self):
        for event in list(self.held.values()):
            event.set()

    def times(self, path):
        return sum(asked == path for asked, _ in self.asked)

    def headers(self, path):
        """Of the requests for it."""
        return [headers for asked, headers in self.asked if asked == path]

    def handle_error(self, request, client_address):
        pass  # a client that goes away


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        site = self.server
        with site.lock:
            site.asked.append((self.path, dict(self.headers)))
            answers = site.answers.get(self.path, [404])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if self.path in site.held:
            site.held[self.path].wait(120)
        if callable(answer):
            answer(self)
            return
        if isinstance(answer, bytes):
            answer = (200, {}, answer)
        elif isinstance(answer, int):
            answer = (answer, {}, b"")
        status, headers, body = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 304:
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def elsewhere():
    site = Elsewhere()
    threading.Thread(target=site.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        site.go()
        site.shutdown()
        site.server_close()
