#!/usr/bin/python3
"""Servers for http_peer.c, on loopback: one over HTTP/1.1, and nginx before it with TLS and HTTP/2.
Prints "PORT TLS_PORT CLEAR_HTTP2_PORT CA_FILE" when they serve, and ends with its standard
input."""
import http.server
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))
from harness import nginx  # noqa: E402

PATIENCE_S = 30
NGINX = """
    ssl_certificate {folder}/cert; ssl_certificate_key {folder}/key;
    server {{
        listen 127.0.0.1:{tls} ssl http2;
        listen 127.0.0.1:{clear} http2;
        add_header X-Connection $connection always;
        add_header X-Protocol $server_protocol always;
        proxy_redirect off;
        proxy_buffering off;
        location / {{ proxy_pass http://127.0.0.1:{port}; }}
    }}
"""


class Facts:
    """What handlers wait for."""
    gathered = 0
    hanging = hanging_max = 0
    left = 0
    changed = threading.Condition()

    @classmethod
    def wait(cls, is_so):
        with cls.changed:
            return cls.changed.wait_for(is_so, PATIENCE_S)

    @classmethod
    def count(cls, name, more=1):
        with cls.changed:
            setattr(cls, name, getattr(cls, name) + more)
            cls.changed.notify_all()


class Peer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        self.asked = dict(urllib.parse.parse_qsl(query))
        getattr(self, "at_" + path[1:], self.unknown)()

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

    def log_message(self, *_):
        pass

    def answer(self, body=b"", status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", len(body))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def wait_for_close(self):
        self.wfile.flush()
        self.connection.settimeout(PATIENCE_S)
        try:
            self.connection.recv(1)
        except OSError:
            pass
        self.close_connection = True
        Facts.count("left")

    def unknown(self):
        self.answer(b"unknown", 404)

    def at_hello(self):
        self.answer(b"hello", X_Peer=self.client_address[1], X_Empty="", X_Two="1")

    def at_echo(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        lines = [f"{self.command} {self.path}"]
        lines += [f"{name.lower()}: {value}" for name, value in self.headers.items()]
        self.answer("\n".join(lines).encode() + b"\n\n" + body)

    def at_hang(self):
        """No answer."""
        Facts.count("hanging")
        Facts.hanging_max = max(Facts.hanging_max, Facts.hanging)
        self.wait_for_close()
        Facts.count("hanging", -1)

    def at_hanging(self):
        """How many requests at most have hung at once, when `count` hang."""
        good = Facts.wait(lambda: Facts.hanging >= int(self.asked["count"]))
        self.answer(str(Facts.hanging_max).encode(), 200 if good else 503)

    def at_drip(self):
        """A body that never ends: `bytes` of it."""
        self.send_response(200)
        self.send_header("Content-Length", 1 << 30)
        self.end_headers()
        self.wfile.write(b"x" * int(self.asked["bytes"]))
        self.wait_for_close()

    def at_left(self):
        """An answer when `count` clients have closed while they were being served."""
        good = Facts.wait(lambda: Facts.left >= int(self.asked["count"]))
        self.answer(status=200 if good else 503)

    def at_gather(self):
        """An answer when `count` requests wait for it."""
        Facts.count("gathered")
        good = Facts.wait(lambda: Facts.gathered >= int(self.asked["count"]))
        self.answer(status=200 if good else 503)

    def at_body(self):
        self.answer(b"x" * int(self.asked["bytes"]))

    def at_chunks(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(int(self.asked["bytes"]) // 1000):
            self.wfile.write(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
        self.wfile.write(b"0\r\nX-Two: trailer\r\n\r\n")

    def at_heads(self):
        self.answer(**{f"X_{i}": "h" * 1000 for i in range(int(self.asked["bytes"]) // 1000)})

    def at_interim(self):
        for _ in range(int(self.asked["count"])):
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nX-Early: " + b"h" * 100 + b"\r\n\r\n")
        self.answer(b"late")

    def at_redirect(self):
        self.answer(b"moved", int(self.asked.get("status", 302)), Location=self.asked["to"])

    def at_loop(self):
        left = int(self.asked["left"])
        if left == 0:
            self.answer(b"arrived")
        else:
            self.answer(status=307, Location=f"?left={left - 1}")

    def at_cut(self):
        self.send_response(200)
        self.send_header("Content-Length", 1000)
        self.end_headers()
        self.wfile.write(b"x" * 10)
        self.close_connection = True

    def at_silence(self):
        self.close_connection = True

    def at_strange(self):
        self.wfile.write(b"HTTP/2 042 Strange\r\nContent-Length: 0\r\n\r\n")
        self.close_connection = True

    def at_garbage(self):
        self.wfile.write(b"220 this is no HTTP\r\n")
        self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """Clients leave; it is what they are here for."""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def start_nginx(folder, port):
    facts = {"folder": folder, "port": port, "tls": free_port(), "clear": free_port()}
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2",
                    "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=peer.test",
                    "-addext", "subjectAltName=DNS:peer.test",
                    "-keyout", folder / "key", "-out", folder / "cert"],
                   check=True, stderr=subprocess.DEVNULL)
    process = nginx.start(folder, NGINX.format(**facts))
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", facts["tls"])).close()
            return process, facts["tls"], facts["clear"]
        except OSError:
            assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.01)


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sebez-peer-", dir="/tmp"))
    server = Server(("127.0.0.1", 0), Peer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    process = None
    try:
        process, tls, clear = start_nginx(folder, server.server_port)
        print(server.server_port, tls, clear, folder / "cert", flush=True)
        sys.stdin.read()
    finally:
        if process:
            process.kill()
            process.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
