"""The reference implementation of Standard Webhooks (npm: standardwebhooks) verifies our calls."""
import json
import subprocess

import pytest

from conftest import serving
from harness.contract import ROOT
from harness.receiver import CALLING, receiving
from harness.sdk import installed
from harness.shop import Shop
from test_webhooks_sending import hooked


@pytest.fixture(scope="module")
def judge():
    folder, why_not = installed(ROOT / "tests/webhooks", ROOT / "build/test-webhooks",
                                ("package.json", "package-lock.json", "judge.mjs"))
    if folder is None:
        pytest.skip(why_not)

    def ask(*calls):
        asked = [{"secret": secret, "headers": {k.lower(): v for k, v in call.headers.items()},
                  "body": (body or call.body).decode()} for secret, call, body in calls]
        done = subprocess.run(["node", "judge.mjs"], cwd=folder, input=json.dumps(asked), text=True,
                              capture_output=True, check=True, timeout=60)
        return json.loads(done.stdout)
    return ask


def test_calls_are_verified_with_the_old_secret_and_the_new_one(judge):
    with serving(**CALLING) as server, receiving() as site:
        shop = Shop(server)
        clay = shop.vendor()
        made = hooked(clay, site, "/judged")
        other = hooked(clay, site, "/other")
        new = clay.do("rotateWebhookSecret", webhook_id=made["id"])["secret"]
        shop.customer(name="Ada \u12a0\u12f3 \N{GRINNING FACE}").order(clay.product(stock=5))
        (call,) = site.wait("/judged", 1)
        changed = call.body.replace(b"placed", b"played")
        said = judge((made["secret"], call, None), (new, call, None), (other["secret"], call, None),
                     (new, call, changed))
        assert said[0] == said[1] == call.json
        assert all("refused" in one for one in said[2:]) and changed != call.body
