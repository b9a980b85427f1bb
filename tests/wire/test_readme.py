"""The README is true: its story works when pasted, and prints what it says it prints."""
import contextlib
import os
import queue
import re
import signal
import subprocess
import threading

import pytest
import requests

from harness.contract import ROOT
from harness.s3 import bucket
from harness.wait import until

README = (ROOT / "README.md").read_text()
NUMBER = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def block_with(words):
    (found,) = [block for block in blocks("text") if words in block]
    return found


@pytest.fixture
def demo(own_server):
    return own_server(SEBEZ_DEMO="yes", SEBEZ_MEDIA_PROCESSES=1)


@pytest.fixture(params=["folder", "bucket"])
def demo_of_store(request, own_server):
    """A demo whose files are in a folder, and one whose files are in a bucket."""
    with bucket() if request.param == "bucket" else contextlib.nullcontext({}) as settings:
        server = own_server(SEBEZ_DEMO="yes", SEBEZ_MEDIA_PROCESSES=1, **settings)
        yield server
        assert not server.stop()  # while the bucket is there


def paste(shell, text, url):
    done = subprocess.run([shell], input=text, capture_output=True, text=True, timeout=300,
                          env={"PATH": os.environ["PATH"], "SHOP": url}, check=False)
    assert not done.stderr, done.stderr
    return NUMBER.sub("NUMBER", done.stdout)


def test_the_story_works_when_pasted_again_and_again(demo_of_store):
    story = "".join(blocks("sh"))
    told = NUMBER.sub("NUMBER", block_with("partially_shipped"))
    assert paste("sh", story, demo_of_store.url) == told
    assert paste("bash", story.replace("ada-", "eda-"), demo_of_store.url) == told


class Terminal:
    """A shell that goes on until it is closed; lines are what it prints."""

    def __init__(self, text, url):
        self.process = subprocess.Popen(
            ["bash", "-c", text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={"PATH": os.environ["PATH"], "SHOP": url}, start_new_session=True)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()


def test_two_terminals_chat(demo):
    listen, ask = blocks("bash")
    shown = block_with("somebody is writing").splitlines(keepends=True)
    sign_up = blocks("sh")[0]
    with Terminal(listen, demo.url) as support:
        seen = [support.lines.get(timeout=60)]
        assert paste("bash", sign_up + ask, demo.url) == "Ada Byron\n1\n2\n2\n"
        while len(seen) < len(shown):
            seen.append(support.lines.get(timeout=60))
        assert seen == shown and support.lines.empty()


def test_the_demo_has_pictures_of_its_own(demo_of_store):
    server = demo_of_store
    assert not server.db.rows("""
        select handle from product
        where json_array_length(images) <> 1 or images::text like '%http%'
        union all select slug from vendor where logo is null or banner is null
        union all select slug from category where image is null
        union all select email from account where avatar is null
        union all select title from order_line
        where image::json #>> '{image_facts,group}' is null""")
    (newest,) = requests.get(f"{server.url}/v1/products?limit=1", timeout=60).json()["items"]
    (image,) = newest["images"]
    # All pictures of the demo are made, under a sanitizer perhaps.
    until(lambda: server.db.one("select formats from upload where id = %s", image["id"]), 300)
    (photo,) = server.db.rows("""
        select (a ->> 'id')::uuid as id from message m, json_array_elements(m.attachments) a
        where a ->> 'kind' = 'image'""")
    until(lambda: server.db.one("select state = 'ready' from upload where id = %s", photo["id"]),
          300)
    # The bucket is private; a CDN would read it.
    in_folder = "S3_BUCKET" not in server.environment
    for variant in image["variants"] if in_folder else []:
        answer = requests.get(server.url + variant["url"], timeout=60)
        assert answer.status_code == 200, variant
    assert not server.db.rows("select failure from upload where state = 'failed'")


def test_the_start_says_what_the_readme_shows(demo):
    shown = block_with("Sebez is running").replace("http://127.0.0.1:8080", demo.url)
    until(lambda: "Ctrl-C" in demo.log.read_text())  # it answers a moment before it says so
    assert shown in demo.log.read_text()


def test_what_the_readme_links_to_is_there():
    links = re.findall(r"\]\((?!http)([^)#]+)", README)
    assert links and [link for link in links if not (ROOT / link).exists()] == []
