"""An S3 on loopback that judges every signature: tests/unit/s3_peer.py, or the server that
SEBEZ_TEST_S3 names (tests/radosgw.sh), in a bucket of the caller's own."""
import contextlib
import json
import os
import subprocess
import uuid

import botocore.session
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from .contract import ROOT


def settings_of(endpoint, bucket, key, secret):
    return {"S3_ENDPOINT": endpoint, "S3_BUCKET": bucket, "S3_REGION": "eu-central-1",
            "S3_ACCESS_KEY_ID": key, "S3_SECRET_ACCESS_KEY": secret, "S3_PATH_STYLE": "yes"}


def caller(settings):
    """botocore's client of the store that these settings name."""
    return botocore.session.get_session().create_client(
        "s3", settings["S3_REGION"], endpoint_url=settings["S3_ENDPOINT"],
        aws_access_key_id=settings["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["S3_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"))


@contextlib.contextmanager
def peer_bucket(*arguments):
    """arguments: of s3_peer.py, whatever SEBEZ_TEST_S3 says."""
    with subprocess.Popen(["/usr/bin/python3", ROOT / "tests/unit/s3_peer.py", *arguments],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:
        endpoint = f"http://127.0.0.1:{int(peer.stdout.readline())}"
        yield settings_of(endpoint, "shop", "fixed", "fixed-secret")
        peer.stdin.close()


@contextlib.contextmanager
def real_bucket(endpoint, key, secret):
    settings = settings_of(endpoint, f"shop-{uuid.uuid4().hex[:12]}", key, secret)
    client, name = caller(settings), settings["S3_BUCKET"]
    client.create_bucket(Bucket=name)
    yield settings
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
        for entry in page.get("Contents", []):
            client.delete_object(Bucket=name, Key=entry["Key"])
    client.delete_bucket(Bucket=name)


@contextlib.contextmanager
def bucket(**more):
    """Settings of a server that uses a bucket; it is there meanwhile."""
    real = json.loads(os.environ.get("SEBEZ_TEST_S3", "null"))
    with real_bucket(**real) if real else peer_bucket() as settings:
        yield {**settings, **more}


def call(settings, method, key, data=b""):
    """With the bucket, as its owner; the answer."""
    url = f"{settings['S3_ENDPOINT']}/{settings['S3_BUCKET']}/{key}"
    request = AWSRequest(method, url, data=data)
    keys = Credentials(settings["S3_ACCESS_KEY_ID"], settings["S3_SECRET_ACCESS_KEY"])
    S3SigV4Auth(keys, "s3", settings["S3_REGION"]).add_auth(request)
    return requests.request(method, url, data=data, headers=dict(request.headers), timeout=60)


def keys_of(settings, prefix=""):
    found, after = [], ""
    while True:
        text = call(settings, "GET", "?list-type=2&max-keys=1000&prefix=" + prefix
                    + "&start-after=" + after).text
        keys = [part.split("</Key>")[0] for part in text.split("<Key>")[1:]]
        found += keys
        if len(keys) < 1000:
            return found
        after = keys[-1]
