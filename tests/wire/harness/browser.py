"""Chromium without a window, by the WebDriver protocol.

    with browser.browser(1440, 900) as page:
        page.open(url)
        page.wait_for("return document.querySelector('h1')")
        page.asked      every URL that the page asked for
        page.complaints what the browser found wrong, breaches of the page's policy among it
"""
import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import pytest
import requests

from . import contract

ESCAPE = "\ue00c"
LAPTOP, PHONE = (1440, 900), (390, 844)
PATIENCE_S = 240  # the most that is waited for, never a measure
STARTED = re.compile(r"started successfully on port (\d+)")
QUIET = ["--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"]


class Browser:
    def __init__(self, port, width, height):
        self.wire = requests.Session()
        self.wire.trust_env = False
        self.root = f"http://127.0.0.1:{port}/session"
        arguments = QUIET + (["--no-sandbox"] if os.geteuid() == 0 else [])
        options = {"args": arguments,
                   "mobileEmulation": {"deviceMetrics": {
                       "width": width, "height": height, "pixelRatio": 1, "mobile": width < 600}}}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options,
                  "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"}}
        self.session = ""
        self.session = self._ask("", capabilities={"alwaysMatch": wanted})["sessionId"]
        self.asked = set()
        self.complaints = []

    def _ask(self, path, **body):
        url = f"{self.root}/{self.session}{path}".rstrip("/")
        answer = self.wire.post(url, json=body, timeout=120)
        value = answer.json()["value"]
        assert answer.status_code == 200, value
        return value

    def add_authenticator(self):
        """One of the device itself, which keeps passkeys and knows who uses it."""
        self._ask("/webauthn/authenticator", protocol="ctap2", transport="internal",
                  hasResidentKey=True, hasUserVerification=True, isUserVerified=True)

    def open(self, url):
        self._ask("/url", url=url)

    def run(self, script, *arguments):
        return self._ask("/execute/sync", script=script, args=list(arguments))

    def wait_for(self, script, *arguments):
        """Asks no oftener than this: each question stops the page."""
        end = time.monotonic() + PATIENCE_S
        while not self.run(script, *arguments):
            assert time.monotonic() < end, f"it did not happen: {script} {arguments}"
            time.sleep(0.3)

    def press(self, *keys):
        """To whatever has the focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("/actions", actions=[{"type": "key", "id": "keys", "actions": actions}])

    def look(self):
        """Takes in what happened since: asked and complaints."""
        for entry in self._ask("/se/log", type="performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                self.asked.add(event["params"]["request"]["url"])
        self.complaints += [entry["message"] for entry in self._ask("/se/log", type="browser")
                            if entry["level"] in ("WARNING", "SEVERE")]

    def picture(self, path):
        shot = self.wire.get(f"{self.root}/{self.session}/screenshot", timeout=120).json()["value"]
        pathlib.Path(path).write_bytes(base64.b64decode(shot))

    def close(self):
        """Chromium is in a process group of its own: its driver ends it."""
        with contextlib.suppress(requests.RequestException):
            self.wire.delete(f"{self.root}/{self.session}", timeout=60)
        self.wire.close()


def in_a_browser(test):
    """Only in the plain build: what a browser makes of the pages is the same for each."""
    absent = pytest.mark.skipif(
        not shutil.which("chromedriver") or "asan" in str(contract.BUILD),
        reason="chromium-driver is not installed, or the build is sanitized")
    return pytest.mark.plain(absent(test))


@contextlib.contextmanager
def browser(width, height):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # of all they write
        driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.DEVNULL, start_new_session=True,
                                  env={**os.environ, "TMPDIR": folder, "HOME": folder})
        page = None
        try:
            port = next(found[1] for line in driver.stdout if (found := STARTED.search(line)))
            page = Browser(port, width, height)
            yield page
        finally:
            if page:
                page.close()
            os.killpg(driver.pid, signal.SIGKILL)
            driver.wait()
            driver.stdout.close()
