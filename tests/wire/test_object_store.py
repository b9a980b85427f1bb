"""The store of images and files that the settings name, and what `sebez check` says of it."""
import os
import pathlib
import subprocess

import pytest

from harness.media import folder_of
from harness.s3 import bucket
from harness.server import folder


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
    assert line.startswith("ok     the bucket shop at http://127.0.0.1:")


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
