"""What we sign and encrypt for the providers of push messages, judged by python3-cryptography.

    test_push_judges.py      PUSH_TOOL names the program that makes it
"""
import base64
import json
import os
import random
import subprocess
import sys

import pytest

pytest.importorskip("cryptography", reason="python3-cryptography is not installed")
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

TOOL = os.environ["PUSH_TOOL"]
SEED = int(os.environ.get("SEBEZ_TEST_SEED") or random.SystemRandom().getrandbits(32))
CASES = 300
RS256 = padding.PKCS1v15(), hashes.SHA256()
UNCOMPRESSED = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint


@pytest.fixture
def rng():
    print(f"SEBEZ_TEST_SEED={SEED}")
    return random.Random(SEED)


def ask(*calls):
    lines = "\n".join(json.dumps(call) for call in calls)
    return subprocess.run([TOOL], input=lines, capture_output=True, text=True,
                          check=True).stdout.splitlines()


def coded(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def pem_of(key, form=serialization.PrivateFormat.PKCS8):
    return key.private_bytes(serialization.Encoding.PEM, form,
                             serialization.NoEncryption()).decode()


def verified(token, public):
    """(header, claims) of a token whose signature is the key's."""
    head, claims, signature = token.split(".")
    data, signature = f"{head}.{claims}".encode(), decoded(signature)
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, data, *RS256)
    else:
        assert len(signature) == 64
        r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
        public.verify(utils.encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    return json.loads(decoded(head)), json.loads(decoded(claims))


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_tokens_are_signed(algorithm, form):
    key = rsa.generate_private_key(65537, 2048) if algorithm == "RS256" else \
        ec.generate_private_key(ec.SECP256R1())
    claims = {"iss": "TEAM", "iat": 1796000000}
    pem = pem_of(key, getattr(serialization.PrivateFormat, form))
    call = {"what": "sign", "pem": pem, "key_id": "KEY", "claims": json.dumps(claims)}
    for token in ask(*[call] * CASES):  # some numbers of ES256 are shorter than others
        head = {"alg": algorithm, "typ": "JWT", "kid": "KEY"}
        assert verified(token, key.public_key()) == (head, claims)


def decrypted(body, key, auth):
    """RFC 8291 and 8188, from the browser's side."""
    salt, rest = body[:16], body[16:]
    record, length = int.from_bytes(rest[:4], "big"), rest[4]
    point, sealed = rest[5:5 + length], rest[5 + length:]
    assert record == 4096 and length == 65 and len(body) <= record
    sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    info = b"WebPush: info\0" + key.public_key().public_bytes(*UNCOMPRESSED) + point
    material = HKDF(hashes.SHA256(), 32, auth, info).derive(key.exchange(ec.ECDH(), sender))
    extract = hmac.HMAC(salt, hashes.SHA256())
    extract.update(material)
    prk = extract.finalize()
    content_key, nonce = (
        HKDFExpand(hashes.SHA256(), length, b"Content-Encoding: " + name + b"\0").derive(prk)
        for name, length in ((b"aes128gcm", 16), (b"nonce", 12)))
    text = AESGCM(content_key).decrypt(nonce, sealed, None)
    assert text.endswith(b"\2")
    return text[:-1].decode()


def test_messages_are_read_by_the_browsers_they_are_for(rng):
    browsers, calls = [], []
    for _ in range(CASES):
        key, auth = ec.generate_private_key(ec.SECP256R1()), rng.randbytes(16)
        text = "".join(rng.choices("abc \N{SNOWMAN}\N{ETHIOPIC SYLLABLE HA}",
                                   k=rng.randint(0, 1300)))
        browsers.append((key, auth, text))
        calls.append({"what": "encrypt", "text": text, "auth": coded(auth),
                      "p256dh": coded(key.public_key().public_bytes(*UNCOMPRESSED))})
    bodies = [decoded(answer) for answer in ask(*calls)]
    assert len({body[:16] for body in bodies}) == CASES
    for body, (key, auth, text) in zip(bodies, browsers):
        assert decrypted(body, key, auth) == text


def test_vapid_names_the_sender():
    key = ec.generate_private_key(ec.SECP256R1())
    call = {"what": "vapid", "pem": pem_of(key), "origin": "https://push.example",
            "subject": "mailto:push@example.com", "now": 1796000000, "lifetime": 43200}
    scheme, token, point = ask(call)[0].split()
    assert scheme == "vapid" and token.startswith("t=") and token.endswith(",")
    assert point == "k=" + coded(key.public_key().public_bytes(*UNCOMPRESSED))
    assert verified(token[2:-1], key.public_key()) == (
        {"alg": "ES256", "typ": "JWT"},
        {"aud": "https://push.example", "exp": 1796043200, "sub": "mailto:push@example.com"})


if __name__ == "__main__":
    result = pytest.main(["-q", "-p", "no:cacheprovider", __file__])
    sys.exit(77 if result == pytest.ExitCode.NO_TESTS_COLLECTED else result)  # 77: skipped
