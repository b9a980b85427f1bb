"""Signatures of S3: ours against botocore's, and what the verification refuses.

    test_sigv4.py SIGV4_TOOL
"""
import base64
import datetime
import hashlib
import json
import os
import random
import string
import subprocess
import sys
from types import SimpleNamespace
from unittest import mock
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

auth = pytest.importorskip("botocore.auth", reason="python3-botocore is not installed")
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

TOOL = os.environ["SIGV4_TOOL"]
KEYS = {"access_key": "AKIDEXAMPLE", "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
SEED = int(os.environ.get("SEBEZ_TEST_SEED") or random.SystemRandom().getrandbits(32))
NOW = datetime.datetime(2026, 11, 29, 16, 58, 14)
NOW_US = int(NOW.replace(tzinfo=datetime.timezone.utc).timestamp()) * 1_000_000
CASES = 300
SAFE = "-._~"
HARD = " +&=?/%#:;,@\"'()*!$é\N{SNOWMAN}\N{GRINNING FACE}"


@pytest.fixture(autouse=True)
def frozen_clock():
    clock = SimpleNamespace(datetime=SimpleNamespace(utcnow=lambda: NOW))
    with mock.patch.object(auth, "datetime", clock):
        yield


@pytest.fixture
def rng():
    print(f"SEBEZ_TEST_SEED={SEED}")
    return random.Random(SEED)


def ask(*calls):
    lines = "\n".join(json.dumps(call | KEYS) for call in calls)
    return subprocess.run([TOOL], input=lines, capture_output=True, text=True,
                          check=True).stdout.splitlines()


def word(rng, alphabet=string.ascii_letters + string.digits + SAFE + HARD):
    return "".join(rng.choices(alphabet, k=rng.randint(1, 12)))


def any_call(rng):
    names = {word(rng) for _ in range(rng.randint(0, 5))}
    headers = {name: f"  {word(rng, string.ascii_letters)}  {rng.random()} "
               for name in rng.sample(["content-type", "content-length", "x-amz-meta-a",
                                       "x-amz-server-side-encryption", "range"], rng.randint(0, 5))}
    return {"method": rng.choice(["GET", "PUT", "HEAD", "DELETE", "POST"]),
            "region": rng.choice(["eu-central-1", "us-east-1", "local"]),
            "host": rng.choice(["bucket.s3.amazonaws.com", "127.0.0.1:9000"]),
            "path": "/" + "/".join(word(rng).replace("/", "") or "x" for _ in range(3)),
            "query": [[name, rng.choice(["", word(rng)])] for name in sorted(names)],
            "headers": [[name, value] for name, value in headers.items()],
            "session_token": rng.choice([None, "token/+="]),
            "at_us": NOW_US}


def credentials(call):
    return Credentials(*KEYS.values(), call["session_token"])


def request_of(call, body=b""):
    return AWSRequest(call["method"], f"https://{call['host']}{quote(call['path'], safe='/~')}",
                      dict(call["headers"]), body, dict(call["query"]))


def presigned(rng):
    call = any_call(rng) | {"what": "presign", "expires_s": rng.randint(1, 7 * 86400)}
    return call, ask(call)[0]


def verification(call, target, **changes):
    """The call as a server receives it."""
    query = list(parse_qsl(urlsplit(target).query, True))
    return call | {"what": "verify", "query": query} | changes


def test_headers_and_payload_are_signed_as_botocore_does(rng):
    calls, theirs = [], []
    for _ in range(CASES):
        body = rng.randbytes(10)
        calls.append(any_call(rng) | {"what": "sign",
                                      "payload_sha256": hashlib.sha256(body).hexdigest()})
        request = request_of(calls[-1], body)
        auth.S3SigV4Auth(credentials(calls[-1]), "s3", calls[-1]["region"]).add_auth(request)
        theirs.append(request.headers["Authorization"])
    assert ask(*calls) == theirs


def test_a_payload_may_be_left_unsigned_as_by_botocore(rng):
    call = any_call(rng) | {"what": "sign", "payload_sha256": "UNSIGNED-PAYLOAD"}
    request = request_of(call, b"body")
    request.context["client_config"] = SimpleNamespace(s3={"payload_signing_enabled": False})
    auth.S3SigV4Auth(credentials(call), "s3", call["region"]).add_auth(request)
    assert ask(call) == [request.headers["Authorization"]]


def test_urls_are_presigned_as_botocore_does(rng):
    for _ in range(CASES // 10):
        call, target = presigned(rng)
        request = request_of(call)
        auth.S3SigV4QueryAuth(credentials(call), "s3", call["region"],
                              call["expires_s"]).add_auth(request)
        url = urlsplit(request.url)
        assert urlsplit(target).path == url.path
        assert sorted(parse_qsl(urlsplit(target).query, True)) == sorted(parse_qsl(url.query, True))


def test_forms_are_signed_as_botocore_does(rng):
    call = any_call(rng) | {"what": "policy"}
    request = request_of(call)
    request.context["s3-presign-post-policy"] = {"expiration": "2026-11-29T17:58:14Z",
                                                 "conditions": [{"bucket": word(rng)}]}
    auth.S3SigV4PostAuth(credentials(call), "s3", call["region"]).add_auth(request)
    fields = request.context["s3-presign-post-fields"]
    policy = base64.b64decode(fields["policy"]).decode()
    assert ask(call | {"policy": policy}) == [fields["x-amz-signature"]]


def test_a_presigned_call_is_valid_until_it_expires(rng):
    for _ in range(CASES // 10):
        call, target = presigned(rng)
        second = 1_000_000
        end = NOW_US + call["expires_s"] * second
        moments = {NOW_US - 15 * 60 * second: "valid", NOW_US - 15 * 60 * second - 1: "not yet",
                   NOW_US: "valid", end - 1: "valid", end: "expired"}
        answers = ask(*(verification(call, target, at_us=at) for at in moments))
        assert answers == list(moments.values())


def with_query(asked, **values):
    """The values replace those of the query; names as in the query, with _ for -."""
    query = dict(asked["query"]) | {name.replace("_", "-"): value for name, value in values.items()}
    return asked | {"query": list(query.items())}


FORGERIES = {
    "method": lambda asked: asked | {"method": "DELETE" if asked["method"] != "DELETE" else "GET"},
    "host": lambda asked: asked | {"host": "other.example"},
    "path": lambda asked: asked | {"path": asked["path"] + "x"},
    "region": lambda asked: asked | {"region": "other"},
    "header": lambda asked: asked | {"headers": [[n, v + "x"] for n, v in asked["headers"]]},
    "header left out": lambda asked: asked | {"headers": asked["headers"][1:]},
    "parameter": lambda asked: with_query(asked, uploadId="other"),
    "another parameter": lambda asked: with_query(asked, another=""),
    "parameter left out": lambda asked: asked | {"query": [pair for pair in asked["query"]
                                                           if pair[0] != "uploadId"]},
    "signature": lambda asked: with_query(asked, X_Amz_Signature="0" * 64),
    "expiry": lambda asked: with_query(
        asked, X_Amz_Expires=str(int(dict(asked["query"])["X-Amz-Expires"]) % 604800 + 1)),
    "date": lambda asked: with_query(asked, X_Amz_Date="20261129T165815Z"),
    "key": lambda asked: with_query(
        asked, X_Amz_Credential="other" + dict(asked["query"])["X-Amz-Credential"]),
    "signed headers": lambda asked: with_query(asked, X_Amz_SignedHeaders="host"),
    "names of headers": lambda asked: with_query(asked, X_Amz_SignedHeaders="Host;a!b;;host"),
    "host not signed": lambda asked: with_query(asked, X_Amz_SignedHeaders="content-type"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_call_that_differs_from_the_presigned_one_is_forged(rng, forgery):
    call = any_call(rng) | {"what": "presign", "expires_s": rng.randint(1, 7 * 86400)}
    call["headers"] = [["content-type", "image/png"]]
    call["query"] = [*call["query"], ["uploadId", "1"]]
    asked = verification(call, ask(call)[0])
    assert ask(asked, FORGERIES[forgery](asked)) == ["valid", "forged"]


def test_a_query_that_is_no_signature_is_malformed(rng):
    call, target = presigned(rng)
    asked = verification(call, target)
    names = [name for name, _ in asked["query"] if name.startswith("X-Amz-")
             and name != "X-Amz-Security-Token"]
    wrong = [asked | {"query": [pair for pair in asked["query"] if pair[0] != name]}
             for name in names]
    wrong += [with_query(asked, X_Amz_Expires=value) for value in ("0", "604801", "-1", "", "1e3")]
    wrong += [with_query(asked, X_Amz_Date=value) for value in ("20261329T165814Z", "now")]
    wrong += [with_query(asked, X_Amz_Algorithm="AWS4-ECDSA"),
              with_query(asked, X_Amz_Signature="00"),
              asked | {"query": [*asked["query"], ["X-Amz-Expires", "1"]]},
              asked | {"query": [*asked["query"], *[["p", "v"]] * 40]}]
    assert ask(*wrong) == ["malformed"] * len(wrong)


if __name__ == "__main__":
    result = pytest.main(["-q", "-p", "no:cacheprovider", __file__])
    sys.exit(77 if result == pytest.ExitCode.NO_TESTS_COLLECTED else result)  # 77: skipped
