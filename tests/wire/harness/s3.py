"""An S3 on loopback that judges every signature: tests/unit/s3_peer.py."""
import contextlib
import subprocess

from .contract import ROOT


@contextlib.contextmanager
def bucket(**more):
    """Settings of a server that uses it; it has the bucket as long as the peer runs."""
    with subprocess.Popen(["/usr/bin/python3", ROOT / "tests/unit/s3_peer.py"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:
        endpoint = f"http://127.0.0.1:{int(peer.stdout.readline())}"
        yield {"S3_ENDPOINT": endpoint, "S3_BUCKET": "shop", "S3_REGION": "eu-central-1",
               "S3_ACCESS_KEY_ID": "fixed", "S3_SECRET_ACCESS_KEY": "fixed-secret",
               "S3_PATH_STYLE": "yes", **more}
        peer.stdin.close()
