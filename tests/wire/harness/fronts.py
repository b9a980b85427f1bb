"""Proxies in front of a server, as OPERATIONS.md has them: real nginx and HAProxy. What they have
seen as a request has a X-Request-Id that begins with "front."."""
import os
import pathlib
import shutil
import subprocess
import tempfile

from .server import free_port
from .wait import until

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/log warn;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
    uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
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
KINDS = {"nginx": (NGINX, ["nginx", "-p", "{folder}", "-e", "{folder}/log", "-c", "{folder}/conf"]),
         "haproxy": (HAPROXY, ["haproxy", "-db", "-f", "{folder}/conf"])}


class Front:
    """A proxy of a kind before a server, until end()."""

    def __init__(self, kind, server):
        text, command = KINDS[kind]
        self.port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"sebez-{kind}-", dir="/tmp"))
        facts = {"folder": self.folder, "port": self.port, "back": server.port}
        (self.folder / "conf").write_text(text.format(**facts))
        program = shutil.which(command[0], path=os.environ["PATH"] + ":/usr/sbin")
        assert program, f"{kind} is not installed: tools/install-deps.sh test"
        self.process = subprocess.Popen([program, *(w.format(**facts) for w in command[1:])],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)
