"""Proxies in front of a server, as OPERATIONS.md has them: real nginx and HAProxy. What they have
seen as a request has a X-Request-Id that begins with "front."."""
import pathlib
import shutil
import subprocess
import tempfile

from . import nginx
from .server import free_port

NGINX = """
    upstream sebez {{ server 127.0.0.1:{back}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://sebez;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header X-Request-Id front.$http_x_request_id;
            proxy_request_buffering off;
            proxy_ignore_client_abort on;
        }}
    }}
"""
HAPROXY = """
defaults
    mode http
    timeout connect 10s
    timeout client 2s
    timeout server 60s
    http-reuse always
listen sebez
    bind 127.0.0.1:{port}
    http-request set-header X-Request-Id front.%[req.hdr(X-Request-Id)]
    server sebez 127.0.0.1:{back}
"""


def start_haproxy(folder, configuration):
    (folder / "conf").write_text(configuration)
    return subprocess.Popen([nginx.program("haproxy"), "-db", "-f", folder / "conf"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


KINDS = {"nginx": (NGINX, nginx.start), "haproxy": (HAPROXY, start_haproxy)}


class Front:
    """A proxy of a kind before a server, until end()."""

    def __init__(self, kind, server):
        text, start = KINDS[kind]
        self.port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"sebez-{kind}-", dir="/tmp"))
        self.process = start(self.folder, text.format(port=self.port, back=server.port))

    def end(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)
