"""Amazon's own client of S3, as a judge: @aws-sdk/client-s3 by tests/sdk/s3.mjs.

Npm installs it into build/test-sdk, once. Where that cannot be done, tests of it are skipped.
"""
import base64
import contextlib
import fcntl
import json
import os
import shutil
import subprocess

import pytest

from .contract import ROOT

SOURCE = ROOT / "tests/sdk"
FOLDER = ROOT / "build/test-sdk"
FILES = ("package.json", "package-lock.json", "s3.mjs")
NODE_MIN = 18
INSTALL_S = 300


def installed(source=SOURCE, folder=FOLDER, files=FILES):
    """The folder with what npm installs by these files, or why there is none."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return None, f"{program} is not installed (Debian: nodejs, npm)"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True,
                             check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < NODE_MIN:
        return None, f"node {version} is older than {NODE_MIN}"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        whole = "".join((source / name).read_text() for name in files)
        stamp = folder / "installed"
        if stamp.exists() and stamp.read_text() == whole:
            return folder, None
        for name in files:
            shutil.copy(source / name, folder)
        try:
            done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                                  cwd=folder, capture_output=True, text=True, check=False,
                                  timeout=INSTALL_S)
        except subprocess.TimeoutExpired:
            return None, f"npm did not install it within {INSTALL_S} s"
        if done.returncode != 0:
            return None, f"npm could not install it: {done.stderr.strip()[:300]}"
        stamp.write_text(whole)
    return folder, None


class Sdk:
    def __init__(self, process):
        self.process = process

    def ask(self, what, client, command, *, body=None, expires_s=600, at=None, signed=(), **given):
        asked = {"what": what, "client": client, "command": command, "input": given,
                 "expires_s": expires_s, "signed": list(signed)}
        if body is not None:
            asked["body"] = base64.b64encode(body).decode()
        if at is not None:
            asked["at"] = at
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or "null")
        assert answer is not None, "the SDK has failed: its standard error says why"
        return answer

    def link(self, client, command, **more):
        return self.ask("link", client, command, **more)["url"]

    def request(self, client, command, **more):
        return self.ask("request", client, command, **more)

    def call(self, client, command, **more):
        answer = self.ask("call", client, command, **more)
        if answer.get("body") is not None:
            answer["body"] = base64.b64decode(answer["body"])
        return answer


@contextlib.contextmanager
def sdk():
    folder, why_not = installed()
    if folder is None:
        pytest.skip(why_not)
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("AWS_")}
    with subprocess.Popen(["node", folder / "s3.mjs"], stdin=subprocess.PIPE, text=True,
                          stdout=subprocess.PIPE, env=environment) as process:
        yield Sdk(process)
        process.stdin.close()
