"""Our own signer of S3, by itself: tests/unit/sigv4_tool.c."""
import json
import subprocess

from .contract import BUILD

KEYS = {"key": "AKIDEXAMPLE", "secret": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}


def ours(*, at, key=KEYS["key"], secret=KEYS["secret"], region="eu-central-1", **call):
    """What it answers to a call (sigv4_tool.c) at a moment."""
    asked = {"access_key": key, "secret_key": secret, "region": region, "session_token": None,
             "at_us": int(at.timestamp()) * 1_000_000, "query": [], "headers": [], **call}
    return subprocess.run([BUILD / "tests/unit/sigv4_tool"], input=json.dumps(asked),
                          capture_output=True, text=True, check=True).stdout.strip()
