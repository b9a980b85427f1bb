"""Text messages of a demo without a provider: the newest, at /dev/sms."""
import re

import pytest
import requests
from conftest import serving
from harness.codes import fresh_phone
from harness.shop import Shop, refused
from harness.wait import until

BROWSER = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def demo():
    with serving(SEBEZ_DEMO="yes") as server:
        yield Shop(server)


def messages(demo, phone):
    return [m for m in demo.anonymous().do("listDevSms")["messages"] if m["to"] == phone]


def test_who_signs_in_by_telephone_finds_the_code_of_a_demo(demo):
    phone, person = fresh_phone(), demo.anonymous()
    code_id = person.do("requestPhoneCode", body={"phone": phone})["code_id"]
    until(lambda: messages(demo, phone))
    (message,) = messages(demo, phone)
    (code,) = re.findall(r"\d{6}", message["text"])
    body = {"phone": phone, "code_id": code_id, "code": code, "name": "Sara"}
    assert person.call("signInByPhone", body=body).status_code == 201
    page = requests.get(demo.server.url + "/dev/sms", headers=BROWSER, timeout=20)
    assert phone in page.text and code in page.text and "<h1" in page.text
    assert "script" not in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


def test_other_servers_show_none(shop):
    refused(shop.anonymous().call("listDevSms"), 404)
