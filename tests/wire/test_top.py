"""`sebez top`: what a running server does, in the terminal."""
import os
import pty
import re
import subprocess

import requests

from harness.contract import BUILD
from harness.server import free_port
from harness.wait import until


def environment(server):
    return {**os.environ, "SEBEZ_LISTEN": server.url.removeprefix("http://")}


def test_without_a_terminal_it_prints_the_last_second_and_ends(server):
    program = subprocess.Popen([BUILD / "sebez", "top"], env=environment(server),
                               stdout=subprocess.PIPE, text=True)
    while program.poll() is None:
        requests.get(server.url + "/v1/products", timeout=20)
        requests.get(server.url + "/no/such/path", timeout=20)
    shown = program.stdout.read()
    assert program.returncode == 0 and "\033" not in shown
    assert re.match(r"sebez \d+\.\d+\.\d+ at 127\.0\.0\.1:\d+\nrequests/s [1-9]", shown)
    assert re.search(r" 200: \d.* 404: \d", shown)
    assert re.search(r"^latency  p50 +[\d.]+ m?s  p95 +[\d.]+ m?s  p99 +[\d.]+ m?s", shown, re.M)
    assert re.search(r"^listProducts +[\d.]+ +0\.0 +[\d.]+ m?s +[\d.]+ m?s$", shown, re.M)
    assert re.search(r"^sebez_public +[1-9]", shown, re.M)
    assert re.search(r"^behind the events: .*notices \d+ s", shown, re.M)
    assert re.search(r"^jobs: [1-9]\d*, of which \d+ fail or stand$", shown, re.M)
    assert re.search(r"^0 +api +[\d.]+ MB .* up +up$", shown, re.M)
    assert all(len(line) <= 100 for line in shown.splitlines())


def test_in_a_terminal_it_refreshes_the_screen_and_leaves_it_as_it_was(server):
    ours, theirs = pty.openpty()
    with subprocess.Popen([BUILD / "sebez", "top"], env=environment(server), stdin=theirs,
                          stdout=theirs, stderr=theirs) as program:
        os.close(theirs)
        shown = b""

        def screens():
            nonlocal shown
            shown += os.read(ours, 65536)
            return shown.count(b"\033[Hsebez ") >= 2

        until(screens)
        program.terminate()
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # the other end is closed
            pass
    os.close(ours)
    assert program.returncode == 0
    assert shown.startswith(b"\033[?1049h") and shown.rstrip().endswith(b"\033[?1049l")


def test_where_no_server_is_it_says_so():
    nobody = f"127.0.0.1:{free_port()}"
    done = subprocess.run([BUILD / "sebez", "top", "--once"], capture_output=True, text=True,
                          env={**os.environ, "SEBEZ_LISTEN": nobody},
                          check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"sebez: top: {nobody} does not answer: ")
