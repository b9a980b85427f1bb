"""Amazon's own client of S3 judges our signatures, the folder's links and what is in a bucket."""
import datetime
import urllib.parse
import uuid

import pytest
import requests
from conftest import serving
from harness import sent
from harness.media import files_of, folder_of, keep, key_of, put_headers
from harness.s3 import bucket
from harness.sdk import sdk as running_sdk
from harness.shop import Shop
from harness.signer import KEYS, ours

DATA = bytes(range(256)) * 100
GROUP = "c0ffee00c0ffee00c0ffee00c0ffee00"
OCTETS = "application/octet-stream"

AT = datetime.datetime(2026, 11, 29, 16, 58, 14, tzinfo=datetime.timezone.utc)

ODD_KEYS = ["private/a/1.jpg", "a b+c&d=e", "100%25", "é☃😀", "~-._", "'()*!", "a//b", "x/",
            ":;,@$", "q?r#s", "\"<>\\^`{|}"]


@pytest.fixture(scope="module")
def sdk():
    with running_sdk() as running:
        yield running


def client(**more):
    return {"endpoint": "http://127.0.0.1:9000", "region": "eu-central-1", **KEYS, **more}


# -- signatures at one moment

def parts(url):
    """Path, and parameters in any order."""
    split = urllib.parse.urlsplit(url)
    return split.path, sorted(urllib.parse.parse_qsl(split.query, True, strict_parsing=True))


def query_of(url):
    """Parameters without those that signing adds."""
    return [[name, value] for name, value in parts(url)[1]
            if not name.startswith("X-Amz-") or name == "X-Amz-Content-Sha256"]


@pytest.mark.parametrize("key", ODD_KEYS)
@pytest.mark.parametrize("command, given, signed", [
    ("GetObject", {}, {}),
    ("HeadObject", {"VersionId": "a/+ b"}, {}),
    ("GetObject", {"ResponseContentDisposition": "attachment; filename=\"é +.pdf\""}, {}),
    ("PutObject", {"ContentType": "image/jpeg", "ContentLength": 5},
     {"content-type": "image/jpeg", "content-length": "5"}),
    ("DeleteObject", {}, {}),
])
def test_links_are_those_of_the_sdk(sdk, key, command, given, signed):
    method = command.removesuffix("Object").upper()
    for expires_s, token in ((1, None), (604800, "token/+=")):
        theirs = sdk.link(client(token=token), command, Bucket="shop", Key=key, at=AT.isoformat(),
                          expires_s=expires_s, signed=list(signed), **given)
        call = {"method": method, "host": "127.0.0.1:9000", "path": f"/shop/{key}",
                "headers": list(map(list, signed.items())), "session_token": token}
        link = ours(what="presign", at=AT, expires_s=expires_s, query=query_of(theirs), **call)
        assert parts(link) == parts(theirs)
        assert ours(what="verify", at=AT, **call, query=parts(theirs)[1]) == "valid"


@pytest.mark.parametrize("key", ODD_KEYS)
@pytest.mark.parametrize("command, given", [
    ("GetObject", {"Range": "bytes=0-1"}),
    ("PutObject", {"body": b"hello", "ContentType": "image/jpeg", "ServerSideEncryption": "AES256",
                   "CacheControl": "public,  max-age=1", "Metadata": {"a": " two  spaces "}}),
    ("UploadPart", {"body": b"part", "PartNumber": 1, "UploadId": "a/+ ="}),
    ("CreateMultipartUpload", {}),
])
def test_requests_are_signed_as_by_the_sdk(sdk, key, command, given):
    theirs = sdk.request(client(token="t"), command, Bucket="shop", Key=key, **given)
    headers = {name.lower(): value for name, value in theirs["headers"].items()}
    names = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    at = datetime.datetime.strptime(headers["x-amz-date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
    added = {"host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"}
    assert added <= set(names)
    assert headers["authorization"] == ours(
        what="sign", method=theirs["method"], host=headers["host"], path=f"/shop/{key}",
        query=[[name, value or ""] for name, value in theirs["query"].items()],
        headers=[[name, headers[name]] for name in names if name not in added],
        payload_sha256=headers["x-amz-content-sha256"], session_token="t",
        at=at)


# -- the folder takes links of the SDK

@pytest.fixture(name="folder", scope="module")
def folder_as_s3(server):
    """The folder as the SDK sees it: a bucket `media`."""
    return {"endpoint": server.url, "region": "local", "key": "sebez", "secret": key_of(server)}


def part():
    return f"incoming/{uuid.uuid4()}/1"


def link_to_put(sdk, folder, key, **more):
    return sdk.link(folder, "PutObject", Bucket="media", Key=key, ContentType=OCTETS,
                    ContentLength=len(DATA), signed=["content-type", "content-length"], **more)


def test_the_folder_takes_what_is_sent_by_a_link_of_the_sdk(sdk, server, folder):
    key = part()
    answer = requests.put(link_to_put(sdk, folder, key), data=DATA, headers=put_headers(DATA),
                          timeout=60)
    assert answer.status_code == 200, answer.text
    assert (folder_of(server) / key).read_bytes() == DATA


def test_the_folder_gives_what_is_asked_for_by_a_link_of_the_sdk(sdk, server, folder):
    key = keep(server, f"private/{GROUP}/sdk.pdf", DATA)
    link = sdk.link(folder, "GetObject", Bucket="media", Key=key)
    assert requests.get(link, timeout=60).content == DATA
    part_of = requests.get(link, headers={"Range": "bytes=1-2"}, timeout=60)
    assert (part_of.status_code, part_of.content) == (206, DATA[1:3])
    link = sdk.link(folder, "HeadObject", Bucket="media", Key=key)
    assert requests.head(link, timeout=60).headers["Content-Length"] == str(len(DATA))


HOUR_AGO = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)).isoformat()


@pytest.mark.parametrize("more, changed", [
    ({"at": HOUR_AGO}, {}), ({}, {"secret": "0" * 64}), ({}, {"key": "AKIDEXAMPLE"}),
    ({}, {"region": "us-east-1"})])
def test_the_folder_refuses_links_of_the_sdk_that_are_not_for_it(sdk, server, folder, more,
                                                                 changed):
    key = part()
    link = link_to_put(sdk, {**folder, **changed}, key, **more)
    answer = requests.put(link, data=DATA, headers=put_headers(DATA), timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (403, "link_refused")
    assert key not in files_of(server)


# -- the SDK reads and writes what is in our bucket

@pytest.fixture(name="in_s3", scope="module")
def shop_in_s3():
    with bucket() as settings, serving(SEBEZ_MEDIA_PROCESSES=1, **settings) as server:
        yield Shop(server), {"endpoint": settings["S3_ENDPOINT"], "region": settings["S3_REGION"],
                             "key": settings["S3_ACCESS_KEY_ID"],
                             "secret": settings["S3_SECRET_ACCESS_KEY"]}, settings["S3_BUCKET"]


def test_the_sdk_reads_in_the_bucket_what_clients_send_and_what_we_make_of_it(sdk, in_s3):
    shop, s3, name = in_s3
    customer = shop.customer()
    pdf = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\nstartxref\n0\n%%EOF\n"
    upload = sent.begin(customer, pdf, purpose="chat_attachment", content_type="application/pdf")
    found = sdk.call(s3, "GetObject", Bucket=name, Key=f"incoming/{upload['id']}/1")
    assert (found["status"], found["body"], found["type"]) == (200, pdf, OCTETS)
    customer.do("completeUpload", upload_id=upload["id"])
    assert sent.done(customer, upload["id"])["state"] == "ready"
    (key,) = sdk.call(s3, "ListObjectsV2", Bucket=name, Prefix="private/", StartAfter="private/",
                      MaxKeys=10)["keys"]
    found = sdk.call(s3, "GetObject", Bucket=name, Key=key)
    assert (found["body"], found["type"]) == (pdf, "application/pdf")
    sent.at_rest(shop.server, upload["id"])
    gone = sdk.call(s3, "GetObject", Bucket=name, Key=f"incoming/{upload['id']}/1")
    assert (gone["status"], gone["code"]) == (404, "NoSuchKey")


def test_we_read_what_the_sdk_writes_into_the_bucket(sdk, in_s3):
    """A part that it sends instead of a client."""
    shop, s3, name = in_s3
    customer = shop.customer()
    picture = sent.png("by the SDK")
    upload = customer.do("createUpload", body={"purpose": "avatar", "content_type": "image/png",
                                               "bytes": len(picture)})
    put = sdk.call(s3, "PutObject", Bucket=name, Key=f"incoming/{upload['id']}/1", body=picture,
                   ContentType=OCTETS)
    assert put["status"] == 200
    customer.do("completeUpload", upload_id=upload["id"])
    done = sent.done(customer, upload["id"])
    assert (done["state"], done["image"]["width"]) == ("ready", 96)
