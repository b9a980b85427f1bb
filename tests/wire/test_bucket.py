"""The documents of deploy/aws are tried as they stand there, in a real S3."""
import json
import os
import uuid

import pytest
import requests
from harness.contract import ROOT
from harness.media import put_headers
from harness.s3 import bucket, caller

pytestmark = pytest.mark.skipif("SEBEZ_TEST_S3" not in os.environ,
                                reason="there is no real S3: tests/radosgw.sh starts one")
ORIGIN = "https://shop.example.com"
DATA = b"a picture"


def told(document, name):
    """A document of deploy/aws, for a bucket of this name."""
    text = (ROOT / "deploy/aws" / document).read_text()
    return json.loads(text.replace("my-bucket", name))


@pytest.fixture(scope="module")
def store():
    """(client, name of the bucket)"""
    with bucket() as settings:
        yield caller(settings), settings["S3_BUCKET"]


def link_to(store, method, key, **more):
    client, name = store
    return client.generate_presigned_url(method, {"Bucket": name, "Key": key, **more})


def test_a_page_of_a_named_origin_may_send_to_the_bucket(store):
    client, name = store
    client.put_bucket_cors(Bucket=name, CORSConfiguration=told("cors.json", name))
    link = link_to(store, "put_object", f"incoming/{uuid.uuid4()}/1",
                   ContentType="application/octet-stream")

    def asked(origin, method="PUT", headers="content-type"):
        return requests.options(link, timeout=60, headers={
            "Origin": origin, "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": headers})

    answer = asked(ORIGIN)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert "content-type" in answer.headers["Access-Control-Allow-Headers"].lower()
    for other in (asked("https://other.example"), asked(ORIGIN, "DELETE"),
                  asked(ORIGIN, headers="x-amz-acl")):
        assert other.status_code == 403
    put = requests.put(link, data=DATA, headers={**put_headers(DATA), "Origin": ORIGIN}, timeout=60)
    assert put.status_code == 200
    assert put.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_everybody_reads_public_pictures_and_nothing_else(store):
    client, name = store
    client.put_bucket_policy(Bucket=name, Policy=json.dumps(
        told("bucket-policy-public.json", name)))
    url = f"{client.meta.endpoint_url}/{name}"
    for key in ("public/a/1.jpg", "private/a/1.jpg", "incoming/a/1"):
        client.put_object(Bucket=name, Key=key, Body=DATA)
    assert requests.get(f"{url}/public/a/1.jpg", timeout=60).content == DATA
    for path in ("private/a/1.jpg", "incoming/a/1", "", "?list-type=2", "?policy"):
        assert requests.get(f"{url}/{path}", timeout=60).status_code == 403
    for method in ("PUT", "DELETE"):
        assert requests.request(method, f"{url}/public/a/1.jpg", data=b"x",
                                timeout=60).status_code == 403


def test_what_is_left_of_uploads_expires(store):
    client, name = store
    wanted = told("lifecycle.json", name)
    client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=wanted)
    rules = client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert {rule["ID"] for rule in rules} == {rule["ID"] for rule in wanted["Rules"]}
