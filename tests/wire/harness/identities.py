"""Identity providers that tests control: Google's and Apple's documents of keys, tokens that they
sign, and Apple's calls for codes. Signatures are made with python3-cryptography."""
import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
import urllib.parse
import uuid

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (decode_dss_signature,
                                                             encode_dss_signature)

GOOGLE, APPLE = "google", "apple"
ISSUERS = {GOOGLE: "https://accounts.google.com", APPLE: "https://appleid.apple.com"}
APPS = {GOOGLE: ["1-web.apps.example", "1-ios.apps.example"],
        APPLE: ["com.example.shop", "example.shop.web"]}
TEAM, KEY = "TEAM123456", "KEYID12345"


def text_of(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bytes_of(text):
    return base64.urlsafe_b64decode(text + -len(text) % 4 * "=")


def part(value):
    return text_of(value if isinstance(value, bytes) else json.dumps(value).encode())


def number(value):
    return text_of(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Key:
    """A key that signs, RS256 or ES256."""

    def __init__(self, algorithm="RS256", bits=2048):
        self.id, self.algorithm = uuid.uuid4().hex, algorithm
        self.private = (rsa.generate_private_key(65537, bits) if algorithm == "RS256"
                        else ec.generate_private_key(ec.SECP256R1()))

    def public(self, **changes):
        numbers = self.private.public_key().public_numbers()
        if self.algorithm == "RS256":
            own = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        else:
            own = {"kty": "EC", "crv": "P-256", "x": text_of(numbers.x.to_bytes(32, "big")),
                   "y": text_of(numbers.y.to_bytes(32, "big"))}
        return {**own, "kid": self.id, "use": "sig", "alg": self.algorithm, **changes}

    def sign(self, text):
        if self.algorithm == "RS256":
            return self.private.sign(text, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(self.private.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Person:
    """Somebody whom providers know."""

    def __init__(self, email=None, verified=True, name="Ada Byron", **claims):
        self.subject = uuid.uuid4().hex
        self.email = email or f"ada.{self.subject[:12]}@example.com"
        self.claims = {"sub": self.subject, "email": self.email, "email_verified": verified,
                       "hd": "example.com", **({"name": name} if name else {}), **claims}


class Providers:
    """Both. `keys`: those that sign; `fail`, `delay`, `document`: how their documents are answered.
    `asked`: paths that were asked for. `codes`: (person, app) by code of Apple; `apps`: apps
    by token of Apple; `revoked`: tokens that Apple was told of; `refuses`: (status, error) of
    Apple's next calls; `stall`: what exchanges of codes wait for."""

    def __init__(self):
        self.keys = {GOOGLE: [Key("ES256"), Key()], APPLE: [Key()]}
        self.fail = self.document = self.delay = None
        self.asked, self.codes, self.apps, self.revoked, self.refuses = [], {}, {}, [], []
        self.stall = None
        self.cache = "max-age=3600"
        self.apple_key = Key("ES256")
        self.lock = threading.RLock()
        providers = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                with providers.lock:
                    providers.asked.append(self.path)
                    delay, answer = providers.delay, providers.keys_at(self.path)
                if delay:
                    delay.wait(20)
                self.reply(*answer)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
                with providers.lock:
                    providers.asked.append(self.path)
                    stall = providers.stall if self.path == "/auth/token" else None
                if stall:
                    stall.wait(20)
                with providers.lock:
                    self.reply(*providers.take(self.path, form))

            def reply(self, status, body):
                text = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.send_header("Cache-Control", f"public, {providers.cache}")
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except (OSError, ValueError):
                    self.close_connection = True

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def settings(self, folder):
        folder.chmod(0o755)  # for the user of the processes
        file = folder / "apple.p8"
        file.write_bytes(self.apple_key.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        return {"GOOGLE_CLIENT_IDS": " ".join(APPS[GOOGLE]), "GOOGLE_KEYS_URL": f"{self.url}/certs",
                "APPLE_CLIENT_IDS": " ".join(APPS[APPLE]), "APPLE_URL": self.url,
                "APPLE_TEAM_ID": TEAM, "APPLE_KEY_ID": KEY, "APPLE_KEY_FILE": str(file),
                "SEBEZ_ALLOWED_NETWORKS": "127.0.0.0/8"}

    def keys_at(self, path):
        provider = {"/certs": GOOGLE, "/auth/keys": APPLE}[path]
        if self.fail:
            return self.fail, {}
        if self.document is not None:
            return 200, self.document
        return 200, {"keys": [key.public() for key in self.keys[provider]]}

    def rotate(self, provider=GOOGLE, key=None):
        self.keys[provider] = [key or Key()]

    # -- tokens ----------------------------------------------------------------------------------

    def token(self, provider, person, nonce, key=None, header=None, sign=None, **claims):
        """A token for that nonce, as it should be but for what is given (None: left out)."""
        key, now = key or self.keys[provider][-1], int(time.time())
        head = {"alg": key.algorithm, "kid": key.id, "typ": "JWT", **(header or {})}
        body = {"iss": ISSUERS[provider], "aud": APPS[provider][0], "iat": now, "exp": now + 600,
                "nonce": nonce, **person.claims, **claims}
        text = ".".join(part({k: v for k, v in each.items() if v is not None})
                        for each in (head, body))
        return f"{text}.{text_of((sign or key.sign)(text.encode()))}"

    def public_pem(self, provider):
        return self.keys[provider][-1].private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    # -- Apple's calls ---------------------------------------------------------------------------

    def code(self, person, app=APPS[APPLE][0]):
        code = uuid.uuid4().hex
        self.codes[code] = person, app
        return code

    def take(self, path, form):
        if self.refuses:
            status, error = self.refuses.pop(0)
            return status, {"error": error}
        if not self.is_ours(form):
            return 400, {"error": "invalid_client"}
        if path == "/auth/revoke":
            if self.apps.get(form["token"]) == form["client_id"]:  # others' change nothing
                self.revoked.append(form["token"])
            return 200, b""
        assert path == "/auth/token" and form["grant_type"] == "authorization_code"
        person, app = self.codes.pop(form["code"], (None, None))
        if app != form["client_id"]:
            return 400, {"error": "invalid_grant"}
        self.apps[f"r-{person.subject}"] = app
        return 200, {"access_token": "a", "token_type": "Bearer", "expires_in": 3600,
                     "refresh_token": f"r-{person.subject}",
                     "id_token": self.token(APPLE, person, "", aud=form["client_id"])}

    def is_ours(self, form):
        """Whether the client secret is what Apple asks for, by its key."""
        head, body, signature = form["client_secret"].split(".")
        raw = bytes_of(signature)
        self.apple_key.private.public_key().verify(
            encode_dss_signature(*(int.from_bytes(raw[i:i + 32], "big") for i in (0, 32))),
            f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
        claims = json.loads(bytes_of(body))
        return (json.loads(bytes_of(head))["kid"] == KEY and claims["iss"] == TEAM and
                claims["aud"] == ISSUERS[APPLE] and claims["sub"] == form["client_id"] and
                claims["exp"] > time.time())


def hmac_of(secret):
    return lambda text: hmac.new(secret, text, hashlib.sha256).digest()


def asked(who, begins="beginIdentitySignIn"):
    return who.do(begins)


def proof(providers, who, person, provider=GOOGLE, begins="beginIdentitySignIn", challenge=None,
          **token):
    """{"provider", "challenge", "id_token"}"""
    challenge = challenge or asked(who, begins)
    nonce = token.pop("nonce", challenge["nonce"])
    return {"provider": provider, "challenge": challenge["challenge"],
            "id_token": providers.token(provider, person, nonce, **token)}


def signs_in(who, body, **more):
    return who.call("signInByIdentity", token=None, body={**body, **more})


def linked(providers, who, person, provider=GOOGLE, **more):
    body = proof(providers, who, person, provider, "beginIdentity")
    return who.call("linkIdentity", body={**body, **more})
