#!/usr/bin/python3
"""What a push message costs the process that sends it: pushes.c against nginx, which takes
everything, over TLS and HTTP/2.

    bench/pushes.py [REQUESTS [AT_ONCE]]      default: 50000 requests, 400 at once

Prints the CPU time of each step, and what a core makes of it in a second.
"""
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "wire"))
from harness import certificate, nginx  # noqa: E402

# The first server reads the whole request, as providers do: libcurl 7.88 takes an answer that comes
# before it has sent the body for an error.
NGINX = """
    ssl_certificate {folder}/cert; ssl_certificate_key {folder}/key;
    keepalive_requests 10000000;
    upstream all {{ server unix:{folder}/all; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port} ssl http2;
        http2_max_concurrent_streams 1000;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        location / {{ proxy_pass http://all; }}
    }}
    server {{ listen unix:{folder}/all; location / {{ return 200; }} }}
"""


def main():
    requests, at_once = (sys.argv[1:] + ["50000", "400"][len(sys.argv) - 1:])[:2]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sebez-pushes-", dir="/tmp"))
    process = None
    try:
        certificate.write(folder)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        process = nginx.start(folder, NGINX.format(folder=folder, port=port))
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.01)
        url = f"https://localhost:{port}/v1/projects/shop/messages:send"
        command = [ROOT / "build/bench/pushes", url, folder / "cert", requests, at_once]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    finally:
        if process:
            process.kill()
            process.wait()
        shutil.rmtree(folder)
    for line in done.stdout.splitlines():
        name, count, cpu_us = line.split()
        rate = f"{1e6 / float(cpu_us):10,.0f}/s" if float(cpu_us) else ""
        print(f"{name:10} {int(count):8,} {float(cpu_us):8.1f} µs {rate}")


main()
