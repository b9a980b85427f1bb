"""nginx in front of a server, as `sebez nginx-conf` configures it, and clients who speak HTTP/2.

SEBEZ_TEST_THROUGH=h1 or h2 puts it in front of every server of the suite: actors speak this version
of HTTP over TLS; what tests do with sockets of their own still goes to the server itself."""
import http.client
import io
import pathlib
import shutil
import socket
import ssl
import tempfile
import urllib.parse

import h2.config
import h2.connection
import h2.events
import requests.adapters
import urllib3

from . import certificate, nginx

HOP = ("connection", "host", "keep-alive", "transfer-encoding")


class Through:
    """From start() to end()."""

    def __init__(self, kind, port):
        assert kind in ("h1", "h2"), f"there is no HTTP {kind}"
        self.kind = kind
        self.url = f"https://localhost:{port}"
        self.port = port
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sebez-through-", dir="/tmp"))
        certificate.write(self.folder)
        self.certificate = str(self.folder / "cert")
        self.process = None

    def start(self, server, *arguments):
        if self.process is None:
            made = server.sebez(
                "nginx-conf", "--name", "localhost", "--https", f"127.0.0.1:{self.port}", "--http",
                f"unix:{self.folder}/http", "--cert", self.folder / "cert", "--key",
                self.folder / "key", "--log", "off", "--metrics", "127.0.0.0/8", "--nginx",
                nginx.version(), *arguments)
            self.process = nginx.start(self.folder, made.stdout)

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder)

    def context(self, *protocols):
        context = ssl.create_default_context(cafile=self.certificate)
        context.set_alpn_protocols(protocols)
        return context

    def connect(self):
        """Over HTTP/1.1, for streams."""
        return http.client.HTTPSConnection("localhost", self.port, timeout=60,
                                           context=self.context("http/1.1"))


class Http2(requests.adapters.HTTPAdapter):
    """Sends each request over a connection of its own."""

    def __init__(self, through, address):
        self.through, self.address = through, address
        super().__init__()

    def send(self, request, timeout=None, **_more):
        with socket.create_connection(("127.0.0.1", self.through.port), timeout,
                                      source_address=(self.address, 0)) as plain:
            with self.through.context("h2").wrap_socket(plain, server_hostname="localhost") as wire:
                assert wire.selected_alpn_protocol() == "h2"
                status, headers, body = Exchange(wire).run(request)
        raw = urllib3.HTTPResponse(io.BytesIO(body), headers, status, version=20,
                                   preload_content=False)
        return self.build_response(request, raw)


class Exchange:
    """One request and its response."""

    def __init__(self, wire):
        self.wire = wire
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="latin-1"))
        self.headers, self.body, self.ended = [], [], False

    def run(self, request):
        url = urllib.parse.urlsplit(request.url)
        body = request.body if request.body is not None else b""
        pieces = [body.encode() if isinstance(body, str) else body] \
            if isinstance(body, (str, bytes)) else body
        self.h2.initiate_connection()
        self.h2.send_headers(1, [
            (":method", request.method), (":scheme", "https"), (":authority", url.netloc),
            (":path", request.path_url),
            *((k.lower(), v) for k, v in request.headers.items() if k.lower() not in HOP)])
        for piece in pieces:
            self.send(piece)
        if not self.ended:
            self.h2.end_stream(1)
        while not self.ended:
            self.receive()
        headers = {}
        for name, value in self.headers[1:]:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return int(self.headers[0][1]), headers, b"".join(self.body)

    def send(self, data):
        while data and not self.ended:
            count = min(self.h2.local_flow_control_window(1), self.h2.max_outbound_frame_size)
            self.h2.send_data(1, data[:count]) if count else self.receive()
            data = data[count:]
            self.wire.sendall(self.h2.data_to_send())

    def receive(self):
        self.wire.sendall(self.h2.data_to_send())
        data = self.wire.recv(65536)
        if not data:
            raise requests.ConnectionError("nginx closed the connection")
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                self.headers = event.headers
            elif isinstance(event, h2.events.DataReceived):
                self.body.append(event.data)
                self.h2.acknowledge_received_data(event.flow_controlled_length, 1)
            elif isinstance(event, (h2.events.StreamEnded)):
                self.ended = True
            elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
                if not self.ended:
                    raise requests.ConnectionError(str(event))
        self.wire.sendall(self.h2.data_to_send())
