"""The store of images and files that the settings name, and what `sebez check` says of it."""
import datetime
import os
import pathlib
import subprocess
import uuid

import botocore.exceptions
import pytest
import requests
from harness.media import folder_of
from harness.s3 import bucket, caller
from harness.server import folder
from harness.signer import ours


def checked(server):
    """Lines of `sebez check` about the store."""
    lines = server.sebez("check", check=False).stdout.splitlines()
    return [line for line in lines if " the folder " in line or " the bucket " in line]


def test_check_writes_reads_and_deletes_in_the_folder(server):
    def files():
        return {path for path in folder_of(server).rglob("*") if path.is_file()}

    before = files()
    (line,) = checked(server)
    assert line == f"ok     the folder {folder_of(server)}: wrote, read and deleted an object"
    assert files() <= before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts processes as somebody else")
def test_what_a_tool_of_root_makes_belongs_to_the_processes(server):
    server.sebez("check")
    for path in [folder_of(server), *folder_of(server).rglob("*")]:
        assert path.stat().st_uid == pathlib.Path(folder_of(server)).stat().st_uid != 0


@pytest.fixture(name="shop_in_s3", scope="module")
def in_s3():
    with bucket() as settings, folder(**settings) as server:
        server.sebez("migrate")
        yield server


def test_check_writes_reads_and_deletes_in_the_bucket(shop_in_s3):
    (line,) = checked(shop_in_s3)
    name = shop_in_s3.environment["S3_BUCKET"]
    assert line.startswith(f"ok     the bucket {name} at http://127.0.0.1:")


# -- links to send to a bucket

SENT = b"hello"
OCTETS = "application/octet-stream"


def put(settings, *, data=SENT, kind=OCTETS, method="PUT", age_s=0, change=lambda url: url):
    """Uses a link of our signer for SENT; the status, and the bytes that are there then."""
    key = f"incoming/{uuid.uuid4()}/1"
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age_s)
    link = ours(what="presign", at=at, expires_s=600, key=settings["S3_ACCESS_KEY_ID"],
                secret=settings["S3_SECRET_ACCESS_KEY"], region=settings["S3_REGION"],
                method="PUT", path=f"/{settings['S3_BUCKET']}/{key}",
                host=settings["S3_ENDPOINT"].partition("://")[2],
                headers=[["content-type", OCTETS], ["content-length", str(len(SENT))]])
    answer = requests.request(method, change(settings["S3_ENDPOINT"] + link), data=data,
                              headers={"Content-Type": kind}, timeout=60)
    try:
        kept = caller(settings).get_object(Bucket=settings["S3_BUCKET"], Key=key)["Body"].read()
    except botocore.exceptions.ClientError as error:
        kept = error.response["Error"]["Code"]
    return answer.status_code, kept


@pytest.fixture(name="in_bucket", scope="module")
def a_bucket():
    with bucket() as settings:
        yield settings


def test_a_bucket_takes_what_its_link_is_for(in_bucket):
    assert put(in_bucket) == (200, SENT)
    assert put(in_bucket, age_s=300) == (200, SENT)


def replaced(old, new):
    def change(url):
        assert old in url
        return url.replace(old, new)

    return change


@pytest.mark.parametrize("how", [
    {"data": SENT + b"!"}, {"data": SENT[1:]}, {"kind": "text/html"}, {"method": "POST"},
    {"age_s": 700}, {"change": replaced("Expires=600", "Expires=6000")},
    {"change": replaced("/1?", "/2?")}, {"change": lambda url: url + "&acl="},
    {"change": lambda url: url[:-1] + ("0" if url[-1] != "0" else "1")},
    {"change": lambda url: url.partition("?")[0]},
    {"change": replaced("SignedHeaders=content-length%3Bcontent-type%3Bhost",
                        "SignedHeaders=host")}])
def test_a_bucket_refuses_what_a_link_is_not_for(in_bucket, how):
    status, kept = put(in_bucket, **how)
    assert status in (400, 403, 405, 411) and kept == "NoSuchKey"


@pytest.mark.parametrize("setting, said", [
    ({"S3_SECRET_ACCESS_KEY": "wrong"},
     "403 SignatureDoesNotMatch (the secret of the key is wrong"),
    ({"S3_ACCESS_KEY_ID": "nobody"}, "403 InvalidAccessKeyId (the key does not exist"),
    ({"S3_BUCKET": "other"}, "404 NoSuchBucket (create it"),
])
def test_check_says_why_the_bucket_refuses(shop_in_s3, setting, said):
    kept = {**shop_in_s3.environment}
    shop_in_s3.environment |= setting
    (line,) = checked(shop_in_s3)
    shop_in_s3.environment = kept
    assert line.startswith("WRONG  the bucket ")
    assert f"writing an object failed: S3 answered {said}" in line


def test_check_looks_into_both_stores_while_objects_move(shop_in_s3):
    shop_in_s3.environment["SEBEZ_MEDIA_STORE"] = "folder+s3"
    assert [line.split()[:3] for line in checked(shop_in_s3)] == [["ok", "the", "folder"],
                                                                   ["ok", "the", "bucket"]]


def test_check_says_that_the_disk_is_full(own_server):
    """A tiny file system instead of the folder."""
    server = own_server()
    objects = folder_of(server)
    assert checked(server)[0].startswith("ok")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0777", "none", objects],
                          check=False, capture_output=True)
    if done.returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        (objects / "tmp").mkdir()
        (objects / "full").write_bytes(bytes(60 * 1024))
        (objects / "incoming").mkdir()
        with (objects / "rest").open("wb") as rest:
            for _ in range(100):
                try:
                    os.write(rest.fileno(), bytes(1024))
                except OSError:
                    break
        (line,) = checked(server)
    finally:
        subprocess.run(["umount", objects], check=True)
    assert "(the disk is full)" in line
