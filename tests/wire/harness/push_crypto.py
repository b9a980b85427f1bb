"""The other side of what base/jwt.c and base/web_push.c make: verifies tokens, reads messages."""
import base64
import json
import os

from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

UNCOMPRESSED = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
RS256 = padding.PKCS1v15(), hashes.SHA256()


def coded(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def ec_key():
    return ec.generate_private_key(ec.SECP256R1())


def rsa_key():
    return rsa.generate_private_key(65537, 2048)


def pem_of(key, form="PKCS8"):
    return key.private_bytes(serialization.Encoding.PEM,
                             getattr(serialization.PrivateFormat, form),
                             serialization.NoEncryption()).decode()


def point_of(key):
    return key.public_key().public_bytes(*UNCOMPRESSED)


def point(data):
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)


def verified(token, public):
    """(header, claims) of a token whose signature is the key's; else an exception."""
    head, claims, signature = token.split(".")
    data, signature = f"{head}.{claims}".encode(), decoded(signature)
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, data, *RS256)
    else:
        assert len(signature) == 64
        r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
        public.verify(utils.encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    return json.loads(decoded(head)), json.loads(decoded(claims))


def signed(key, claims, **header):
    """A token, made without our code."""
    algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    data = ".".join(coded(json.dumps(part).encode())
                    for part in ({"alg": algorithm, **header}, claims))
    if algorithm == "RS256":
        signature = key.sign(data.encode(), *RS256)
    else:
        r, s = utils.decode_dss_signature(key.sign(data.encode(), ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{data}.{coded(signature)}"


class Browser:
    """A subscription, and who can read what is sent to it: RFC 8291 and 8188."""

    def __init__(self, endpoint=""):
        self.endpoint = endpoint
        self.key, self.secret = ec_key(), os.urandom(16)
        self.p256dh, self.auth = coded(point_of(self.key)), coded(self.secret)

    def _keys(self, salt, sender_point, shared):
        info = b"WebPush: info\0" + point_of(self.key) + sender_point
        extract = hmac.HMAC(salt, hashes.SHA256())
        extract.update(HKDF(hashes.SHA256(), 32, self.secret, info).derive(shared))
        prk = extract.finalize()
        return [HKDFExpand(hashes.SHA256(), size, b"Content-Encoding: " + what + b"\0").derive(prk)
                for what, size in ((b"aes128gcm", 16), (b"nonce", 12))]

    def read(self, body):
        salt, length = body[:16], body[20]
        sender, sealed = body[21:21 + length], body[21 + length:]
        assert int.from_bytes(body[16:20], "big") == 4096 >= len(body) and length == 65
        key, nonce = self._keys(salt, sender, self.key.exchange(ec.ECDH(), point(sender)))
        text = AESGCM(key).decrypt(nonce, sealed, None)
        assert text.endswith(b"\2")
        return text[:-1].decode()

    def seal(self, text):
        """As a sender does it, made without our code."""
        key, salt = ec_key(), os.urandom(16)
        shared = key.exchange(ec.ECDH(), self.key.public_key())
        content, nonce = self._keys(salt, point_of(key), shared)
        return (salt + (4096).to_bytes(4, "big") + b"\x41" + point_of(key) +
                AESGCM(content).encrypt(nonce, text.encode() + b"\2", None))
