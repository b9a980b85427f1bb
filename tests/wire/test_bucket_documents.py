"""The documents of deploy/aws are what Amazon's tools take, and allow what the server does with a
bucket: all of it, and nothing else."""
import json
import re

import botocore.session
import pytest
from botocore.validate import ParamValidator

from harness import sent
from harness.contract import ROOT
from harness.media import keep
from harness.s3 import peer_bucket
from harness.s3_front import Front, only, refuse
from harness.shop import Shop

DOCUMENTS = ROOT / "deploy/aws"
LARGE = bytes(range(256)) * 4096 * 20  # 20 MB: more than one part of S3
# Of each the call that takes it, and as which parameter.
CALLS = {
    "cors.json": ("s3", "PutBucketCors", "CORSConfiguration"),
    "lifecycle.json": ("s3", "PutBucketLifecycleConfiguration", "LifecycleConfiguration"),
    "origin-access-control.json": ("cloudfront", "CreateOriginAccessControl",
                                   "OriginAccessControlConfig"),
    "distribution.json": ("cloudfront", "CreateDistribution", "DistributionConfig"),
}
POLICIES = ("iam-policy.json", "bucket-policy-public.json", "bucket-policy-cloudfront.json")


def document(name):
    return json.loads((DOCUMENTS / name).read_text())


def listed(value):
    return value if isinstance(value, list) else [value]


def prefixes():
    """Of the keys, as the code has them."""
    header = (ROOT / "src/store/objects.h").read_text()
    return dict(re.findall(r'#define OBJECTS_(PUBLIC|PRIVATE|INCOMING) "(.+)"', header))


def resources(policy):
    return {resource.removeprefix("arn:aws:s3:::my-bucket").removeprefix("/")
            for statement in policy["Statement"] for resource in listed(statement["Resource"])}


def test_every_document_is_taken_by_the_call_that_it_is_for():
    assert {path.name for path in DOCUMENTS.glob("*.json")} == {*CALLS, *POLICIES}
    session = botocore.session.get_session()
    for name, (service, call, parameter) in CALLS.items():
        shape = session.get_service_model(service).operation_model(call).input_shape
        report = ParamValidator().validate(document(name), shape.members[parameter])
        assert not report.has_errors(), f"{name}: {report.generate_report()}"


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_has_what_a_policy_must_have(name):
    policy = document(name)
    assert policy["Version"] == "2012-10-17"
    for statement in policy["Statement"]:
        members = {"Sid", "Effect", "Action", "Resource", "Condition"}
        assert statement["Effect"] == "Allow"
        assert statement.keys() - {"Principal"} <= members
        assert ("Principal" in statement) == name.startswith("bucket-policy")
        assert re.fullmatch("[A-Za-z0-9]+", statement["Sid"]), "IAM takes no others"


def test_the_documents_name_the_prefixes_of_the_code():
    own = prefixes()
    assert resources(document("iam-policy.json")) == {"", *(p + "*" for p in own.values())}
    for name in POLICIES[1:]:
        assert resources(document(name)) == {own["PUBLIC"] + "*"}
    expired = [rule["Filter"]["Prefix"] for rule in document("lifecycle.json")["Rules"]
               if "Expiration" in rule]
    assert expired == [own["INCOMING"]]
    (origin,) = document("distribution.json")["Origins"]["Items"]
    assert origin["OriginPath"] == "/" + own["PUBLIC"].rstrip("/")


def test_the_guide_names_every_document():
    guide = (ROOT / "docs/OPERATIONS.md").read_text()
    assert all(f"file://{path.name}" in guide for path in DOCUMENTS.glob("*.json"))


def action(method, key, query):
    """What a call of S3 needs to be allowed, and for which resource."""
    if not key:
        return "s3:ListBucket" if "list-type=2" in query else f"{method} of the bucket"
    if method in ("GET", "HEAD"):
        return "s3:GetObject"
    if method == "DELETE":
        return "s3:AbortMultipartUpload" if "uploadId" in query else "s3:DeleteObject"
    return "s3:PutObject"


def test_the_servers_rights_are_those_that_it_needs(own_server):
    used, keys = set(), set()

    def note(request):
        path, _, query = request.path.partition("?")
        key = path.removeprefix("/shop").removeprefix("/")
        used.add(action(request.command, key, query))
        keys.add(key)
        return fault(request)

    with peer_bucket() as settings:
        front = Front(settings["S3_ENDPOINT"])
        fault = only("PUT", "partNumber=2", refuse(500, "InternalError"))
        front.fault = note
        server = own_server(**{**settings, "S3_ENDPOINT": front.endpoint},
                            SEBEZ_MEDIA_STORE="s3+folder", SEBEZ_MEDIA_PROCESSES=1)
        server.sebez("check")
        customer = Shop(server).customer()
        upload = sent.send(customer, sent.png("a face"))
        assert sent.done(customer, upload)["state"] == "ready"
        sent.at_rest(server, upload)
        keep(server, "private/c0ffee00c0ffee00c0ffee00c0ffee00/original.pdf", LARGE)
        assert "1 failed" in server.sebez("media", "move", "--to", "s3", check=False).stdout
        fault = only("PUT", "nothing", refuse(500, "InternalError"))
        assert "1 copied" in server.sebez("media", "move", "--to", "s3").stdout
        server.sebez("media", "verify", check=False)
        assert server.stop() == []
        front.down()
    statements = document("iam-policy.json")["Statement"]
    assert used == {a for statement in statements for a in listed(statement["Action"])}
    assert {key.split("/")[0] + "/" for key in keys if key} == set(prefixes().values())
