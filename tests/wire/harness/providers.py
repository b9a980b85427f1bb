"""Fakes of the providers of push messages (FCM with Google's token endpoint, APNs, Web Push, Expo)
over TLS and HTTP/2 on loopback. They judge what they get as the real ones do, and answer what a
test wants instead.

    with providers.fake() as fake:
        fake.origin, fake.ca_file         https://127.0.0.1:PORT, and what verifies its certificate
        fake.account()                    a service account of FCM, as JSON
        fake.apns_pem, .apns_key_id, .apns_team, .apns_topic
        browser = fake.browser()          a subscription; browser.read(request.body) decrypts
        fake.script(address, apns_error("Unregistered", timestamp=1), OK)
        fake.got                          requests as they came: at, provider, address, headers,
                                          body, connection, status
"""
import asyncio
import contextlib
import dataclasses
import functools
import json
import pathlib
import re
import shutil
import ssl
import tempfile
import threading
import time
import uuid

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings

from . import certificate, push_crypto

PATIENCE_S = 60
EXPO_TOKEN = "expo-access-token"
LIMIT_BYTES = 4096
APNS_TYPES = {"alert": ("10", "5", "1"), "background": ("5",), "liveactivity": ("10", "5")}
PATHS = {
    "token": re.compile(r"/token$"),
    "fcm": re.compile(r"/v1/projects/(?P<project>[^/]+)/messages:send$"),
    "apns": re.compile(r"/3/device/(?P<address>[0-9a-fA-F]+)$"),
    "web": re.compile(r"(?P<address>/push/[\w-]+)$"),
    "expo": re.compile(r"/--/api/v2/push/(send|getReceipts)$"),
}


# What a test may want instead of the answer.

@dataclasses.dataclass
class Answer:
    status: int = 200
    body: object = b""  # bytes, or what becomes JSON
    headers: dict = dataclasses.field(default_factory=dict)
    after_s: float = 0


class Stall:
    """No answer, on a connection that stays open."""


class Lost:
    """The request is taken; the connection breaks before the answer."""


CANCEL = h2.errors.ErrorCodes.CANCEL  # of a request that may have been taken


@dataclasses.dataclass
class Reset:
    code: int = h2.errors.ErrorCodes.REFUSED_STREAM  # RST_STREAM; REFUSED_STREAM: not taken


@dataclasses.dataclass
class GoAway:
    """The connection ends; this request and later ones were not taken."""
    reason: str = ""  # APNs' JSON
    code: int = h2.errors.ErrorCodes.NO_ERROR


OK = None  # what the provider itself would answer


def fcm_error(code, status=None, retry_after=None, **field):
    statuses = {"UNREGISTERED": 404, "INVALID_ARGUMENT": 400, "SENDER_ID_MISMATCH": 403,
                "QUOTA_EXCEEDED": 429, "UNAVAILABLE": 503, "INTERNAL": 500,
                "THIRD_PARTY_AUTH_ERROR": 401}
    details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}]
    if field:
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest",
                        "fieldViolations": [field]})
    status = status or statuses[code]
    return Answer(status, {"error": {"code": status, "status": code, "details": details}},
                  {"retry-after": str(retry_after)} if retry_after is not None else {})


def google_error(status, name):
    return Answer(status, {"error": {"code": status, "status": name, "message": name}})


APNS_REASONS = {
    "BadCollapseId": 400, "BadDeviceToken": 400, "BadExpirationDate": 400, "BadMessageId": 400,
    "BadPriority": 400, "BadTopic": 400, "DeviceTokenNotForTopic": 400, "DuplicateHeaders": 400,
    "IdleTimeout": 400, "InvalidPushType": 400, "MissingDeviceToken": 400, "MissingTopic": 400,
    "PayloadEmpty": 400, "TopicDisallowed": 400, "BadCertificate": 403,
    "BadCertificateEnvironment": 403, "BadEnvironmentKeyIdInToken": 403,
    "ExpiredProviderToken": 403, "Forbidden": 403, "InvalidProviderToken": 403,
    "MissingProviderToken": 403, "UnrelatedKeyIdInToken": 403, "BadPath": 404,
    "MethodNotAllowed": 405, "ExpiredToken": 410, "Unregistered": 410, "PayloadTooLarge": 413,
    "TooManyProviderTokenUpdates": 429, "TooManyRequests": 429, "InternalServerError": 500,
    "ServiceUnavailable": 503, "Shutdown": 503,
}


def apns_error(reason, timestamp=None):
    more = {} if timestamp is None else {"timestamp": timestamp}
    return Answer(APNS_REASONS[reason], {"reason": reason, **more})


@dataclasses.dataclass
class Request:
    at: float
    provider: str
    address: str
    headers: dict
    body: bytes
    connection: int
    path: str
    status: object = None  # None: there was no answer

    @property
    def json(self):
        return json.loads(self.body)


class Refused(Exception):
    def __init__(self, answer):
        super().__init__(answer)
        self.answer = answer


def expect(is_so, answer):
    if not is_so:
        raise Refused(answer)


google_key = functools.lru_cache(push_crypto.rsa_key)  # making one takes long


def message_of(body):
    """FCM's message, or None."""
    try:
        message = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        return None
    return message if isinstance(message, dict) else None


class Fake:
    """Its settings may be changed at any time; connections take theirs when they begin."""

    def __init__(self, folder, loop):
        self.ca_file, self.loop = folder / "cert", loop
        self.got, self.scripts, self.browsers = [], {}, {}
        self.connections = 0
        self.streams_max = 0  # of one connection at a time, as seen
        self.refused = 0  # streams, because there were too many
        self.concurrent_streams = 100  # in SETTINGS
        self.first_alone = False  # one stream until a request is authenticated, as APNs
        self.sends_settings = True
        self.project, self.apns_team, self.apns_key_id = "shop", "TEAM123456", "KEY1234567"
        self.apns_topic = "com.example.shop"
        self.google_key = google_key()
        self.apns_key, self.vapid_key = push_crypto.ec_key(), push_crypto.ec_key()
        self.apns_pem, self.vapid_pem = map(push_crypto.pem_of, (self.apns_key, self.vapid_key))
        self.access_tokens, self.tokens_given = set(), 0
        self.clock_skew_s = 0  # of the providers
        self.changed = threading.Condition()
        self.origin = None
        self.protocols = set()

    # For tests.

    def account(self):
        return json.dumps({"type": "service_account", "project_id": self.project,
                           "private_key": push_crypto.pem_of(self.google_key),
                           "client_email": f"push@{self.project}.example",
                           "token_uri": f"{self.origin}/token"})

    def browser(self):
        browser = push_crypto.Browser(f"{self.origin}/push/{uuid.uuid4().hex}")
        self.browsers[browser.endpoint.removeprefix(self.origin)] = browser
        return browser

    def script(self, address, *answers):
        """For the address's next requests; the last one stays. An address of "" is anyone's."""
        self.scripts[address.removeprefix(self.origin)] = list(answers)

    def expire_access_tokens(self):
        self.access_tokens.clear()

    def wait(self, is_so):
        with self.changed:
            assert self.changed.wait_for(is_so, PATIENCE_S), "it did not happen"

    def end_connections(self, answer):
        """GoAway or Lost, on all connections, whatever they do."""
        for protocol in list(self.protocols):
            self.loop.call_soon_threadsafe(protocol.end, answer)

    # As the providers judge.

    def now(self):
        return time.time() + self.clock_skew_s

    def _bearer(self, request, scheme):
        value = request.headers.get("authorization", "")
        return value[len(scheme) + 1:] if value.lower().startswith(scheme + " ") else ""

    def token(self, request):
        form = dict(part.split("=", 1) for part in request.body.decode().split("&"))
        try:
            _, claims = push_crypto.verified(form["assertion"], self.google_key.public_key())
        except Exception:
            raise Refused(Answer(400, {"error": "invalid_grant"})) from None
        expect(form["grant_type"] == "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer",
               Answer(400, {"error": "unsupported_grant_type"}))
        good = (claims["aud"] == f"{self.origin}/token" and claims["exp"] - claims["iat"] <= 3600
                and claims["iat"] - 300 <= self.now() < claims["exp"])
        expect(good, Answer(400, {"error": "invalid_grant"}))
        token = f"ya29.{uuid.uuid4().hex}"
        self.access_tokens.add(token)
        self.tokens_given += 1
        return Answer(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def fcm(self, request):
        expect(self._bearer(request, "bearer") in self.access_tokens,
               google_error(401, "UNAUTHENTICATED"))
        expect(request.path.split("/")[3] == self.project, google_error(403, "PERMISSION_DENIED"))
        message = message_of(request.body)
        expect(message, fcm_error("INVALID_ARGUMENT"))
        named = [name for name in ("token", "fid", "topic", "condition") if name in message]
        texts = all(isinstance(value, str) for value in message.get("data", {}).values())
        expect(len(named) == 1 and texts and len(request.body) <= LIMIT_BYTES,
               fcm_error("INVALID_ARGUMENT"))
        return Answer(200, {"name": f"projects/{self.project}/messages/{uuid.uuid4()}"})

    def apns(self, request):
        headers = request.headers
        token = self._bearer(request, "bearer")
        expect(token, apns_error("MissingProviderToken"))
        try:
            head, claims = push_crypto.verified(token, self.apns_key.public_key())
        except Exception:
            raise Refused(apns_error("InvalidProviderToken")) from None
        expect(head["kid"] == self.apns_key_id and claims["iss"] == self.apns_team,
               apns_error("InvalidProviderToken"))
        expect(abs(self.now() - claims["iat"]) <= 3600, apns_error("ExpiredProviderToken"))
        kind = headers.get("apns-push-type", "")
        expect(kind in APNS_TYPES, apns_error("InvalidPushType"))
        expect("apns-topic" in headers, apns_error("MissingTopic"))
        topic = self.apns_topic + (".push-type.liveactivity" if kind == "liveactivity" else "")
        expect(headers["apns-topic"] == topic, apns_error("TopicDisallowed"))
        expect(headers.get("apns-priority", "10") in APNS_TYPES[kind], apns_error("BadPriority"))
        expect(headers.get("apns-expiration", "0").isdigit(), apns_error("BadExpirationDate"))
        expect(len(headers.get("apns-collapse-id", "")) <= 64, apns_error("BadCollapseId"))
        expect(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                            headers.get("apns-id", str(uuid.uuid4()))), apns_error("BadMessageId"))
        expect(request.body, apns_error("PayloadEmpty"))
        expect(len(request.body) <= LIMIT_BYTES, apns_error("PayloadTooLarge"))
        expect(b'"aps"' in request.body, apns_error("PayloadEmpty"))
        return Answer(200, b"", {"apns-id": headers.get("apns-id", str(uuid.uuid4()))})

    def web(self, request):
        headers, browser = request.headers, self.browsers.get(request.address)
        expect(browser, Answer(410))
        given = re.fullmatch(r"vapid t=([\w.-]+), ?k=([\w-]+)", headers.get("authorization", ""))
        expect(given, Answer(401))
        try:
            _, claims = push_crypto.verified(given[1], self.vapid_key.public_key())
            good = push_crypto.decoded(given[2]) == push_crypto.point_of(self.vapid_key)
        except Exception:
            raise Refused(Answer(403)) from None
        expect(good and claims["aud"] == self.origin and claims["sub"]
               and self.now() < claims["exp"] <= self.now() + 86400, Answer(403))
        expect(headers.get("ttl", "").isdigit(), Answer(400))
        expect(headers.get("urgency", "normal") in ("very-low", "low", "normal", "high"),
               Answer(400))
        expect(re.fullmatch(r"[\w-]{1,32}", headers.get("topic", "x")), Answer(400))
        expect(headers.get("content-encoding") == "aes128gcm", Answer(400))
        expect(len(request.body) <= LIMIT_BYTES, Answer(413))
        return Answer(201, b"", {"location": f"{self.origin}/messages/{uuid.uuid4()}"})

    def expo(self, request):
        if request.path.endswith("getReceipts"):
            return Answer(200, {"data": {i: {"status": "ok"} for i in request.json["ids"]}})
        expect(len(request.json) <= 100,
               Answer(400, {"errors": [{"code": "PUSH_TOO_MANY_NOTIFICATIONS"}]}))
        return Answer(200, {"data": [{"status": "ok", "id": str(uuid.uuid4())}
                                     for _ in request.json]})

    def judge(self, request):
        """(what to do, whether the request was authenticated)"""
        try:
            own = getattr(self, request.provider, lambda _: apns_error("BadPath"))(request)
            good = True
        except Refused as refused:
            own, good = refused.answer, False
        for address in (request.address, ""):
            answers = self.scripts.get(address)
            if answers and good and request.provider != "token":
                wanted = answers.pop(0) if len(answers) > 1 else answers[0]
                return (own if wanted is OK else wanted), good
        return own, good

    def note(self, request, status):
        with self.changed:
            request.status = status
            self.changed.notify_all()

    def request_of(self, headers, body, connection):
        path = headers[":path"]
        found = {name: match for name, form in PATHS.items() if (match := form.match(path))}
        provider = next(iter(found), "unknown") if headers[":method"] == "POST" else "unknown"
        address = found[provider].groupdict().get("address", "") if provider in found else ""
        if provider == "fcm" and (message := message_of(body)):
            address = message.get("token") or message.get("fid") or ""
        request = Request(time.monotonic(), provider, address, headers, body, connection, path)
        with self.changed:
            self.got.append(request)
            self.changed.notify_all()
        return request


class Connection(h2.connection.H2Connection):
    open_inbound_streams = 0  # Protocol refuses what is too much; h2 would end the connection


class Protocol(asyncio.Protocol):
    """A connection."""

    def __init__(self, fake):
        self.fake, self.requests = fake, {}
        self.limits = False  # the client knows them

    def connection_made(self, transport):
        self.fake.connections += 1
        self.number, self.transport = self.fake.connections, transport
        self.fake.protocols.add(self)
        self.h2 = Connection(h2.config.H2Configuration(
            client_side=False, header_encoding="utf-8"))
        self.alone = self.fake.first_alone
        self.h2.local_settings[h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS] = (
            1 if self.alone else self.fake.concurrent_streams)
        self.h2.initiate_connection()
        data = self.h2.data_to_send()
        if self.fake.sends_settings:
            transport.write(data)

    def connection_lost(self, _):
        self.fake.protocols.discard(self)

    def data_received(self, data):
        try:
            events = self.h2.receive_data(data)
        except Exception:
            self.flush()
            self.transport.close()
            return
        for event in events:
            if isinstance(event, h2.events.SettingsAcknowledged):
                self.limits = True
            elif isinstance(event, h2.events.RequestReceived):
                self.on_stream(event.stream_id, dict(event.headers))
            elif isinstance(event, h2.events.DataReceived):
                if event.stream_id in self.requests:
                    self.requests[event.stream_id][1].extend(event.data)
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded) and event.stream_id in self.requests:
                self.on_request(event.stream_id)
            elif isinstance(event, h2.events.StreamReset):
                self.requests.pop(event.stream_id, None)
        self.flush()

    def flush(self):
        data = self.h2.data_to_send()
        if data and self.fake.sends_settings:
            self.transport.write(data)

    def on_stream(self, stream, headers):
        most = 1 if self.alone else self.fake.concurrent_streams
        if len(self.requests) >= most and (self.limits or self.alone):
            self.fake.refused += 1
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
            return
        self.requests[stream] = (headers, bytearray())
        self.fake.streams_max = max(self.fake.streams_max, len(self.requests))

    def on_request(self, stream):
        headers, body = self.requests[stream]
        request = self.fake.request_of(headers, bytes(body), self.number)
        answer, good = self.fake.judge(request)
        if self.alone and good:
            self.alone = False
            self.h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS:
                                     self.fake.concurrent_streams})
        if isinstance(answer, Answer):
            asyncio.get_running_loop().call_later(answer.after_s, self.answer, stream, request,
                                                  answer)
        elif isinstance(answer, Reset):
            self.requests.pop(stream)
            self.h2.reset_stream(stream, answer.code)
        elif isinstance(answer, (GoAway, Lost)):
            self.end(answer, stream - 2)

    def answer(self, stream, request, answer):
        if self.requests.pop(stream, None) is None or self.transport.is_closing():
            return
        body = answer.body
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.h2.send_headers(stream, [(":status", str(answer.status)), *answer.headers.items(),
                                      ("content-length", str(len(body)))], end_stream=not body)
        if body:
            self.h2.send_data(stream, body, end_stream=True)
        self.fake.note(request, answer.status)
        self.flush()

    def end(self, answer, last_stream=None):
        if isinstance(answer, GoAway):
            more = json.dumps({"reason": answer.reason}).encode() if answer.reason else None
            taken = max(last_stream if last_stream is not None else
                        self.h2.highest_inbound_stream_id, 0)
            self.h2.close_connection(answer.code, more, taken)
            self.flush()
            self.transport.close()
        else:
            self.transport.abort()


def settings(fake, write):
    """Settings of a server that sends by the fake; write(name, text) makes a file: its path."""
    return {"FCM_SERVICE_ACCOUNT_FILE": write("account", fake.account()),
            "FCM_ORIGIN": fake.origin, "APNS_KEY_FILE": write("apns", fake.apns_pem),
            "APNS_KEY_ID": fake.apns_key_id, "APNS_TEAM_ID": fake.apns_team,
            "APNS_TOPIC": fake.apns_topic, "APNS_ORIGIN": fake.origin,
            "APNS_SANDBOX_ORIGIN": fake.origin, "VAPID_KEY_FILE": write("vapid", fake.vapid_pem),
            "VAPID_SUBJECT": "mailto:push@shop.example", "EXPO_ACCESS_TOKEN": EXPO_TOKEN,
            "EXPO_ORIGIN": fake.origin,
            "SEBEZ_CA_FILE": write("authority", fake.ca_file.read_text()),
            "SEBEZ_ALLOWED_NETWORKS": "127.0.0.1"}  # the endpoints of browsers are users' URLs


def tls(folder):
    certificate.write(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    context.set_alpn_protocols(["h2"])
    return context


@contextlib.contextmanager
def fake():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sebez-providers-", dir="/tmp"))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    one = Fake(folder, loop)
    try:
        server = loop.run_until_complete(loop.create_server(
            lambda: Protocol(one), "127.0.0.1", 0, ssl=tls(folder)))
        one.origin = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        thread.start()
        yield one
    finally:
        if thread.is_alive():
            one.end_connections(Lost())
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
        loop.close()
        shutil.rmtree(folder)
