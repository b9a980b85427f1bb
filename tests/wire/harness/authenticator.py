"""An authenticator of passkeys (WebAuthn), with the browser before it, by code of our own.

    device = Authenticator(shop.server)
    credential = device.create(options)         toJSON() of what navigator.credentials gives
    credential = device.get(options, site="elsewhere.example")      and lies, one by one
"""
import base64
import hashlib
import json
import secrets
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

ES256, RS256, EDDSA = -7, -257, -8
PRESENT, VERIFIED, HAS_CREDENTIAL = 1, 4, 0x40
SITE = "localhost"  # of a server without SEBEZ_PUBLIC_URL


def text_of(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bytes_of(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cbor(value):
    """In the canonical form of CTAP2."""
    def head(kind, number):
        for more, size in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
            if number < 24:
                return bytes([kind << 5 | number])
            if number < 1 << 8 * struct.calcsize(size):
                return bytes([kind << 5 | more]) + struct.pack(size, number)
    if value in (True, False, None) and not isinstance(value, int) or isinstance(value, bool):
        return bytes([{False: 0xf4, True: 0xf5, None: 0xf6}[value]])
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


def number(value):
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


class Authenticator:
    """It keeps one passkey: what create() made."""

    def __init__(self, server, algorithm=ES256, counts=True):
        self.origin = f"http://{SITE}:{server.port}"
        self.algorithm = algorithm
        self.key = {ES256: lambda: ec.generate_private_key(ec.SECP256R1()),
                    RS256: lambda: rsa.generate_private_key(65537, 2048),
                    EDDSA: ed25519.Ed25519PrivateKey.generate}[algorithm]()
        self.id = secrets.token_bytes(32)
        self.counts, self.count = counts, 0
        self.handle = b""

    def cose(self):
        public = self.key.public_key()
        if self.algorithm == ES256:
            at = public.public_numbers()
            return {1: 2, 3: ES256, -1: 1, -2: at.x.to_bytes(32, "big"),
                    -3: at.y.to_bytes(32, "big")}
        if self.algorithm == RS256:
            at = public.public_numbers()
            return {1: 3, 3: RS256, -1: number(at.n), -2: number(at.e)}
        return {1: 1, 3: EDDSA, -1: 6, -2: public.public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)}

    def sign(self, message):
        if self.algorithm == ES256:
            return self.key.sign(message, ec.ECDSA(hashes.SHA256()))
        if self.algorithm == RS256:
            return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(message)

    def _client_data(self, kind, challenge, lies):
        return json.dumps({
            "type": lies.get("type", kind), "challenge": lies.get("challenge", challenge),
            "origin": lies.get("origin", self.origin),
            "crossOrigin": lies.get("cross_origin", False),
            "other": "keys may be added here"}).encode()

    def _data(self, site, flags, lies):
        if self.counts:
            self.count += 1
        site = hashlib.sha256(lies.get("site", site).encode()).digest()
        return site + struct.pack(">BI", lies.get("flags", flags), lies.get("count", self.count))

    def create(self, options, statement=None, **lies):
        self.handle = bytes_of(options["user"]["id"])
        assert self.algorithm in [p["alg"] for p in options["pubKeyCredParams"]]
        data = self._data(options["rp"]["id"], PRESENT | VERIFIED | HAS_CREDENTIAL, lies)
        data += 16 * b"\0" + struct.pack(">H", len(self.id)) + self.id
        data += cbor(lies.get("cose", self.cose())) + lies.get("tail", b"")
        kind, content = statement or ("none", {})
        return {"id": text_of(self.id), "rawId": text_of(self.id), "type": "public-key",
                "authenticatorAttachment": "platform", "clientExtensionResults": {},
                "response": {
                    "clientDataJSON": text_of(self._client_data(
                        "webauthn.create", options["challenge"], lies)),
                    "attestationObject": text_of(cbor({
                        "fmt": kind, "attStmt": content, "authData": data})),
                    "transports": ["internal"]}}

    def get(self, options, **lies):
        client = self._client_data("webauthn.get", options["challenge"], lies)
        data = self._data(options["rpId"], PRESENT | VERIFIED, lies)
        signature = self.sign(data + hashlib.sha256(client).digest())
        handle = lies.get("handle", self.handle)
        return {"id": text_of(self.id), "rawId": text_of(self.id), "type": "public-key",
                "authenticatorAttachment": "platform", "clientExtensionResults": {},
                "response": {
                    "clientDataJSON": text_of(client),
                    "authenticatorData": text_of(lies.get("sends", data)),
                    "signature": text_of(lies.get("signature", signature)),
                    "userHandle": text_of(handle) if handle is not None else None}}


def passkey_of(shop, person, algorithm=ES256, name="A key", **how):
    """Registers a passkey: the authenticator that has it, with the passkey's id."""
    device = Authenticator(shop.server, algorithm, **how)
    options = person.do("beginPasskey")["options"]
    device.passkey = person.do("addPasskey", body={
        "name": name, "credential": device.create(options)})["id"]
    return device


def asked(who, email=None):
    """The options of a sign-in."""
    body = {"email": email} if email else {}
    return who.do("beginPasskeySignIn", token=None, body=body)["options"]


def signs_in(who, credential):
    return who.call("signInByPasskey", token=None, body={"credential": credential})
