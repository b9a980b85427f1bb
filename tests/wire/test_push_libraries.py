"""The libraries that others send push messages with, as judges (npm: firebase-admin,
@parse/node-apn, web-push): for the same notice they send what we do, and read what we encrypt."""
import base64
import json
import subprocess

import pytest

pytest.importorskip("h2", reason="python3-h2 is not installed")
from harness import devices, push_crypto, pushes  # noqa: E402
from harness.contract import ROOT  # noqa: E402
from harness.sdk import installed  # noqa: E402
from test_push_activities import Tracked  # noqa: E402

FILES = ("package.json", "package-lock.json", ".npmrc", "judge.mjs")


@pytest.fixture(scope="module")
def judge():
    folder, why_not = installed(ROOT / "tests/push", ROOT / "build/test-push", FILES)
    if folder is None:
        pytest.skip(why_not)

    def ask(**asked):
        done = subprocess.run(["node", "judge.mjs"], cwd=folder, input=json.dumps([asked]),
                              text=True, capture_output=True, check=True, timeout=120)
        return json.loads(done.stdout)[0]
    return ask


@pytest.fixture(scope="module")
def told(judge, push):
    """What was sent of one notice to each kind of device, and the notice."""
    phone, installation, iphone = (
        devices.a_phone(), devices.an_installation(), devices.an_iphone())
    browser, body = pushes.browser(push.fake)
    customer = push.somebody(phone, installation, iphone, body)
    order = push.tell(customer)
    (android,), (ios,), (apns,), (web,) = (
        push.sent(one) for one in (phone["address"], installation["address"], iphone["address"],
                                   browser.endpoint))
    notice = customer.do("listNotifications")["items"][0]
    return {"android": android, "ios": ios, "apns": apns, "web": web, "browser": browser,
            "notice": notice, "part": push.vendor.part(order)["id"]}



def claims_of(headers):
    """The members that a token of ours for APNs has, signed by whoever."""
    head, claims, _ = headers["authorization"].removeprefix("bearer ").split(".")
    head, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, claims))
    return {**head, "typ": "JWT"}, set(claims), claims["iss"]


def same_head(ours, theirs):
    """What an answer to the request may depend on, but for the token."""
    assert ours.headers[":method"] == theirs["method"] == "POST"
    assert ours.path == theirs["path"]
    assert ours.headers["content-type"].split(";")[0] == "application/json"
    own = {name: value for name, value in ours.headers.items() if name.startswith("apns-")}
    assert own == {name: value for name, value in theirs["headers"].items()
                   if name.startswith("apns-")}


def data_for_fcm(told, request):
    notice, own = told["notice"], request.json["message"]["data"]
    return {"id": own["id"], "lane": "orders", "kind": notice["kind"], "link": notice["link"],
            "badge": "2", "data": own["data"]}


def test_firebase_admin_sends_the_same_to_an_android_phone(judge, told):
    ours, notice = told["android"], told["notice"]
    message = ours.json["message"]
    theirs = judge(fcm={
        "token": message["token"], "data": data_for_fcm(told, ours),
        "notification": {"title": notice["text"]["title"], "body": notice["text"]["body"]},
        "android": {"priority": "high", "ttl": int(message["android"]["ttl"].rstrip("s")) * 1000,
                    "notification": {"channelId": "orders", "tag": told["part"],
                                     "notificationCount": 2}}})
    same_head(ours, theirs)
    theirs["body"]["message"]["android"]["priority"] = "HIGH"  # the enum, as the reference has it
    assert ours.json == theirs["body"]


def test_firebase_admin_sends_the_same_to_an_iphone_by_its_installation(judge, told):
    ours, notice = told["ios"], told["notice"]
    message = ours.json["message"]
    expires = message["apns"]["headers"]["apns-expiration"]
    theirs = judge(fcm={
        "fid": message["fid"], "data": data_for_fcm(told, ours),
        "notification": {"title": notice["text"]["title"], "body": notice["text"]["body"]},
        "apns": {"headers": {"apns-push-type": "alert", "apns-priority": "10",
                             "apns-expiration": expires, "apns-collapse-id": told["part"]},
                 "payload": {"aps": {"sound": "default", "badge": 2,
                                     "threadId": told["part"]}}}})
    same_head(ours, theirs)
    assert ours.json == theirs["body"]


def test_node_apn_sends_the_same(judge, push, told):
    ours, notice = told["apns"], told["notice"]
    theirs = judge(apns={"device": ours.address, "notification": {
        "alert": {"title": notice["text"]["title"], "body": notice["text"]["body"]}, "badge": 2,
        "sound": "default", "threadId": told["part"], "topic": push.fake.apns_topic,
        "pushType": "alert", "priority": 10, "expiry": int(ours.headers["apns-expiration"]),
        "collapseId": told["part"], "id": ours.json["id"],
        "payload": {"id": ours.json["id"], "lane": "orders", "kind": notice["kind"],
                    "link": notice["link"], "data": notice["data"]}}})
    same_head(ours, theirs)
    assert ours.json == theirs["body"]
    assert claims_of(ours.headers) == claims_of(theirs["headers"])


def test_node_apn_sends_the_same_for_a_live_activity(judge, push):
    tracked = Tracked(push)
    (start,) = tracked.started()
    token = tracked.follow()
    push.sent(token)
    tracked.push.vendor.cancel(tracked.order)
    for ours in (start, push.sent(token, 2)[-1]):
        aps = ours.json["aps"]
        names = {"timestamp": "timestamp", "event": "event", "content-state": "contentState",
                 "stale-date": "staleDate", "dismissal-date": "dismissalDate", "alert": "alert",
                 "attributes-type": "attributesType", "attributes": "attributes",
                 "input-push-token": "inputPushToken"}
        theirs = judge(apns={"device": ours.address, "notification": {
            **{names[name]: value for name, value in aps.items()},
            "topic": push.fake.apns_topic + ".push-type.liveactivity",
            "pushType": "liveactivity", "priority": 10, "id": ours.headers["apns-id"],
            "expiry": int(ours.headers["apns-expiration"])}})
        same_head(ours, theirs)
        assert ours.json == theirs["body"]


def test_web_push_sends_the_same_headers_and_reads_what_we_encrypt(judge, told):
    ours, notice, browser = told["web"], told["notice"], told["browser"]
    theirs = judge(web={
        "subscription": {"endpoint": browser.endpoint,
                         "keys": {"p256dh": browser.p256dh, "auth": browser.auth}},
        "options": {"TTL": int(ours.headers["ttl"]), "urgency": "high",
                    "topic": ours.headers["topic"]}})
    mine = {name: value for name, value in ours.headers.items() if not name.startswith(":")}
    for ignored in ("Authorization", "Content-Length"):
        scheme = str(theirs.pop(ignored)).split()[0]
        assert ignored != "Authorization" or mine["authorization"].split()[0] == scheme
    assert {name.lower(): str(value) for name, value in theirs.items()} == {
        name: mine[name] for name in map(str.lower, theirs)}
    secret = browser.key.private_numbers().private_value.to_bytes(32, "big")
    text = judge(sealed={"body": push_crypto.coded(ours.body), "auth": browser.auth,
                         "key": push_crypto.coded(secret)})
    message = json.loads(text)
    assert (message["title"], message["body"]) == (notice["text"]["title"], notice["text"]["body"])
    assert message["data"]["link"] == notice["link"] and message["tag"] == told["part"]
