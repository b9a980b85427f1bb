"""The fakes of the providers of push messages, judged by curl: they speak HTTP/2, refuse what the
real ones refuse, and do what a test wants of them."""
import json
import subprocess
import time
import uuid

import pytest

pytest.importorskip("h2", reason="python3-h2 is not installed")
from harness import providers, push_crypto, wait  # noqa: E402

TOKEN = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"
RESET, NO_ANSWER, TIMED_OUT = 92, (16, 18, 52, 55, 56, 92), 28  # curl's exit codes


@pytest.fixture
def fake():
    with providers.fake() as one:
        yield one


class Reply:
    def __init__(self, done):
        self.code = done.returncode
        head, _, self.body = done.stdout.partition("\r\n\r\n")
        lines = head.split("\r\n")
        self.status = int(lines[0].split()[1]) if self.code == 0 else None
        self.version = lines[0].split()[0] if self.code == 0 else None
        self.headers = dict(line.split(": ", 1) for line in lines[1:])

    @property
    def json(self):
        return json.loads(self.body)


def curl(fake, path, body, *more, **headers):
    command = ["curl", "-s", "-i", "--http2", "--cacert", fake.ca_file, "--data-binary", "@-",
               *more]
    for name, value in headers.items():
        command += ["-H", f"{name.replace('_', '-')}: {value}"]
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    done = subprocess.run([*command, fake.origin + path], capture_output=True,
                          input=data if isinstance(data, bytes) else data.encode(), check=False)
    done.stdout = done.stdout.decode()
    return Reply(done)


def access_token(fake, **changes):
    account, now = json.loads(fake.account()), int(time.time())
    claims = {"iss": account["client_email"], "aud": account["token_uri"], "iat": now,
              "exp": now + 3600, "scope": "s"} | changes
    assertion = push_crypto.signed(fake.google_key, claims)
    return curl(fake, "/token", "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
                f"&assertion={assertion}")


def fcm(fake, token=None, message=None, *more):
    token = token or access_token(fake).json["access_token"]
    return curl(fake, "/v1/projects/shop/messages:send",
                {"message": message or {"token": "a:b", "data": {"id": "1"}}}, *more,
                authorization=f"Bearer {token}")


def apns_token(fake, key=None, age_s=0, team=None):
    return push_crypto.signed(key or fake.apns_key, kid=fake.apns_key_id, claims={
        "iss": team or fake.apns_team, "iat": int(time.time()) - age_s})


def apns(fake, *more, token=None, body='{"aps":{}}', path=f"/3/device/{TOKEN}", **headers):
    headers = {"authorization": f"bearer {token or apns_token(fake)}",
               "apns_topic": fake.apns_topic, "apns_push_type": "alert",
               "apns_id": str(uuid.uuid4())} | headers
    return curl(fake, path, body, *more,
                **{name: value for name, value in headers.items() if value})


def vapid(fake, key=None, **changes):
    claims = {"aud": fake.origin, "exp": int(time.time()) + 3600, "sub": "mailto:a@b.example"}
    point = push_crypto.coded(push_crypto.point_of(fake.vapid_key))
    return f"vapid t={push_crypto.signed(key or fake.vapid_key, claims | changes)}, k={point}"


def web(fake, browser, text="hello", **headers):
    headers = {"authorization": vapid(fake), "ttl": "60", "content_encoding": "aes128gcm",
               "content_type": "application/octet-stream"} | headers
    return curl(fake, browser.endpoint.removeprefix(fake.origin), browser.seal(text),
                **{name: value for name, value in headers.items() if value})


def test_each_provider_takes_what_is_right(fake):
    reply = fcm(fake)
    assert (reply.version, reply.status) == ("HTTP/2", 200)
    assert reply.json["name"].startswith("projects/shop/messages/")
    reply = apns(fake)
    assert (reply.status, reply.body) == (200, "") and reply.headers["apns-id"]
    browser = fake.browser()
    assert web(fake, browser, "ሰላም").status == 201
    assert browser.read(fake.got[-1].body) == "ሰላም"
    reply = curl(fake, "/--/api/v2/push/send", [{"to": "ExponentPushToken[a]"}] * 2)
    assert [ticket["status"] for ticket in reply.json["data"]] == ["ok", "ok"]
    assert [request.provider for request in fake.got] == ["token", "fcm", "apns", "web", "expo"]
    assert [request.status for request in fake.got] == [200, 200, 200, 201, 200]
    assert [request.address for request in fake.got[1:3]] == ["a:b", TOKEN]
    times = [request.at for request in fake.got]
    assert times == sorted(times)


def test_fcm_refuses_what_is_wrong(fake):
    good = access_token(fake).json["access_token"]
    assert fcm(fake, "other").json["error"]["status"] == "UNAUTHENTICATED"
    assert fcm(fake, good, {"data": {}}).status == 400
    assert fcm(fake, good, {"token": "a", "data": {"n": 1}}).status == 400
    assert fcm(fake, good, {"token": "a", "data": {"n": "x" * 4096}}).status == 400
    assert fcm(fake, good, "text").status == 400
    assert fcm(fake, good).status == 200
    fake.expire_access_tokens()
    assert fcm(fake, good).status == 401
    now = int(time.time())
    for wrong in ({"aud": "https://other.example"}, {"exp": now + 7200}, {"exp": now - 1}):
        assert access_token(fake, **wrong).json == {"error": "invalid_grant"}


@pytest.mark.parametrize("wrong, reason", [
    ({"authorization": None}, "MissingProviderToken"),
    ({"authorization": "bearer x.y.z"}, "InvalidProviderToken"),
    ({"apns_topic": None}, "MissingTopic"),
    ({"apns_topic": "com.example.other"}, "TopicDisallowed"),
    ({"apns_push_type": None}, "InvalidPushType"),
    ({"apns_push_type": "background", "apns_priority": "10"}, "BadPriority"),
    ({"apns_push_type": "liveactivity"}, "TopicDisallowed"),
    ({"apns_expiration": "soon"}, "BadExpirationDate"),
    ({"apns_collapse_id": "x" * 65}, "BadCollapseId"),
    ({"apns_id": "1"}, "BadMessageId"),
    ({"body": "{}"}, "PayloadEmpty"),
    ({"body": '{"aps":{}}' + " " * 4096}, "PayloadTooLarge"),
    ({"path": "/3/device/xyz"}, "BadPath"),
])
def test_apns_refuses_what_is_wrong(fake, wrong, reason):
    reply = apns(fake, **wrong)
    assert reply.json == {"reason": reason}
    assert reply.status == providers.APNS_REASONS[reason]


def test_apns_knows_its_own_clock(fake):
    assert apns(fake, token=apns_token(fake, age_s=3500)).status == 200
    assert apns(fake, token=apns_token(fake, age_s=3700)).json["reason"] == "ExpiredProviderToken"
    fake.clock_skew_s = 3600
    assert apns(fake, token=apns_token(fake, age_s=100)).json["reason"] == "ExpiredProviderToken"
    other = apns_token(fake, team="OTHER12345")
    assert apns(fake, token=other).json["reason"] == "InvalidProviderToken"


def test_web_push_refuses_what_is_wrong(fake):
    browser = fake.browser()
    other, now = push_crypto.ec_key(), int(time.time())
    assert web(fake, push_crypto.Browser(f"{fake.origin}/push/nobody")).status == 410
    assert web(fake, browser, authorization=None).status == 401
    for wrong in ({"key": other}, {"aud": "https://other.example"}, {"exp": now + 90000},
                  {"exp": now - 1}):
        assert web(fake, browser, authorization=vapid(fake, **wrong)).status == 403
    for wrong in ({"ttl": None}, {"urgency": "now"}, {"topic": "a b"}, {"topic": "x" * 33},
                  {"content_encoding": None}):
        assert web(fake, browser, **wrong).status == 400
    assert web(fake, browser, "x" * 3994).status == 413
    assert web(fake, browser, "x" * 3993).status == 201


def test_answers_follow_the_script(fake):
    errors = [providers.apns_error(reason, 1454402113000) for reason in providers.APNS_REASONS]
    fake.script(TOKEN, *errors, providers.OK)
    for error in errors:
        reply = apns(fake)
        assert (reply.status, reply.json) == (error.status, error.body)
    assert apns(fake).status == apns(fake).status == 200
    fake.script("a:b", providers.fcm_error("QUOTA_EXCEEDED", retry_after=7),
                providers.fcm_error("INVALID_ARGUMENT", field="message.token"))
    reply = fcm(fake)
    assert (reply.status, reply.headers["retry-after"]) == (429, "7")
    detail = fcm(fake).json["error"]["details"][1]
    assert detail["fieldViolations"] == [{"field": "message.token"}]
    fake.script("", providers.Answer(502, b"<html>"))
    assert apns(fake).status == 200 and apns(fake, path="/3/device/00").body == "<html>"


def test_streams_and_connections_end_as_scripted(fake):
    fake.script(TOKEN, providers.Reset(providers.h2.errors.ErrorCodes.INTERNAL_ERROR),
                providers.Lost(), providers.Stall(), providers.OK)
    assert apns(fake).code == RESET
    assert apns(fake).code in NO_ANSWER
    assert apns(fake, "--max-time", "1").code == TIMED_OUT
    assert [request.status for request in fake.got] == [None] * 3
    assert len({request.connection for request in fake.got}) == 3
    assert apns(fake).status == 200


def test_a_connection_that_goes_away_has_not_taken_the_request(fake):
    """GOAWAY: later versions of curl send it again by themselves."""
    fake.script(TOKEN, providers.GoAway("Shutdown"), providers.OK)
    answer = apns(fake)
    assert answer.code in NO_ANSWER or answer.status == 200
    assert fake.got[0].status is None and fake.got[-1].status in (None, 200)


def test_a_stream_that_was_not_taken_may_be_sent_again(fake):
    """REFUSED_STREAM: curl does so by itself."""
    fake.script(TOKEN, providers.Reset(), providers.OK)
    assert apns(fake).status == 200
    assert [request.status for request in fake.got] == [None, 200]


def test_settings_may_be_missing(fake):
    fake.sends_settings = False
    assert apns(fake, "--max-time", "1").code == TIMED_OUT


def parallel(fake, count):
    """Requests of one curl, side by side where it may."""
    with subprocess.Popen(
            ["curl", "-s", "--http2", "--cacert", fake.ca_file, "--parallel", "--parallel-max",
             "50", "-d", '{"aps":{}}', "-H", f"authorization: bearer {apns_token(fake)}", "-H",
             f"apns-topic: {fake.apns_topic}", "-H", "apns-push-type: alert",
             "-w", "%{http_code}\n", f"{fake.origin}/3/device/[{10 ** 9}-{10 ** 9 + count - 1}]"],
            stdout=subprocess.PIPE, text=True) as process:
        return process.stdout.read().split()


def test_streams_beyond_the_settings_are_refused(fake):
    """curl knows them after its first streams, and sends those again that are refused."""
    fake.concurrent_streams = 3
    assert parallel(fake, 20) == ["200"] * 20
    assert len(fake.got) == 20


def test_apns_wants_one_stream_first(fake):
    fake.first_alone = True
    assert parallel(fake, 20) == ["200"] * 20
    assert len(fake.got) == 20


def test_connections_end_at_any_time(fake):
    fake.script("", providers.Stall())
    process = subprocess.Popen(["curl", "-s", "--http2", "--cacert", fake.ca_file, "-d", "[]",
                                f"{fake.origin}/--/api/v2/push/send"])
    fake.wait(lambda: fake.got)
    fake.end_connections(providers.Lost())
    assert process.wait(wait.PATIENCE_S) in NO_ANSWER
