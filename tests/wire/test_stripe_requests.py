"""What Stripe is asked, judged by Stripe's own OpenAPI with ajv and qs (tests/stripe/judge.mjs):
keys that it does not name are wrong. Npm installs them into build/test-stripe, once; where that
cannot be done, the test is skipped."""
import json
import subprocess

import pytest

from harness.contract import ROOT
from harness.sdk import installed
from harness.shop import fresh
from harness.sub_orders import good
from harness.wait import until
from test_payment_providers import begun, checked, scene  # noqa: F401


@pytest.fixture(scope="module")
def judged():
    folder, why = installed(ROOT / "tests/stripe", ROOT / "build/test-stripe",
                            ("package.json", "package-lock.json", "judge.mjs"))
    if folder is None:
        pytest.skip(why)

    def judge(requests):
        lines = "".join(json.dumps({"path": path, "body": body}) + "\n"
                        for path, body in requests)
        said = subprocess.run(["node", "judge.mjs"], cwd=folder, input=lines, text=True,
                              capture_output=True, check=True, timeout=120).stdout
        return [json.loads(line) for line in said.splitlines()]
    return judge


def story(scene):  # noqa: F811
    """An order that is paid and cancelled, one that nobody pays, and a chargeback."""
    fake, finance = scene.fakes["stripe"], scene.shop.admin("finance")
    for ends in ("cancelled", "abandoned", "charged back"):
        customer, order = scene.order("stripe")
        made = begun(customer, order)
        if ends == "abandoned":
            good(customer.call("cancelOrder", order_id=order["id"], body={}))
            checked(customer, order, made)
            continue
        fake.pay(made["id"])
        checked(customer, order, made)
        if ends == "cancelled":
            good(scene.vendor.cancel(order))
            until(lambda o=order, c=customer: c.see(o)["payment"]["status"] == "refunded")
    fake.dispute(made["id"])
    fake.say(scene.server.url, {"id": "du_1"}, "charge.dispute.created")
    found = "select id::text from chargeback where order_id = %s"
    until(lambda: scene.shop.db.rows(found, order["id"]))
    where = {"chargeback_id": scene.shop.db.one(found, order["id"])}
    finance.do("adminAddChargebackEvidence", **where, key=fresh("key"), body={"text": "Sent"})
    finance.do("sendChargebackEvidence", **where)
    until(lambda: "du_1" in fake.evidence)
    return fake.posted


def test_whatever_stripe_is_asked_is_in_its_openapi(scene, judged):  # noqa: F811
    posted = story(scene)
    assert {path.split("/")[2] for path, _ in posted} == {"payment_intents", "refunds", "disputes"}
    assert any(path.endswith("/cancel") for path, _ in posted)
    for request, wrong in zip(posted, judged(posted), strict=True):
        assert wrong == [], request
    path, body = posted[0]
    for changed in (body + "&colour=red", body + "&automatic_payment_methods[colour]=red",
                    body.replace("amount=", "amount=x")):
        (wrong,) = judged([(path, changed)])
        assert wrong, changed
