"""What we sign and encrypt for the providers of push messages, judged by python3-cryptography.

    test_push_judges.py      PUSH_TOOL names the program that makes it
"""
import json
import os
import pathlib
import random
import subprocess
import sys

import pytest

pytest.importorskip("cryptography", reason="python3-cryptography is not installed")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))
from harness import push_crypto  # noqa: E402

TOOL = os.environ["PUSH_TOOL"]
SEED = int(os.environ.get("SEBEZ_TEST_SEED") or random.SystemRandom().getrandbits(32))
CASES = 300
KEYS = {"RS256": push_crypto.rsa_key, "ES256": push_crypto.ec_key}


@pytest.fixture
def rng():
    print(f"SEBEZ_TEST_SEED={SEED}")
    return random.Random(SEED)


def ask(*calls):
    lines = "\n".join(json.dumps(call) for call in calls)
    return subprocess.run([TOOL], input=lines, capture_output=True, text=True,
                          check=True).stdout.splitlines()


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
@pytest.mark.parametrize("algorithm", KEYS)
def test_tokens_are_signed(algorithm, form):
    key = KEYS[algorithm]()
    claims = {"iss": "TEAM", "iat": 1796000000}
    call = {"what": "sign", "pem": push_crypto.pem_of(key, form), "key_id": "KEY",
            "claims": json.dumps(claims)}
    for token in ask(*[call] * CASES):  # some numbers of ES256 are shorter than others
        head = {"alg": algorithm, "typ": "JWT", "kid": "KEY"}
        assert push_crypto.verified(token, key.public_key()) == (head, claims)


def test_messages_are_read_by_the_browsers_they_are_for(rng):
    texts = ["".join(rng.choices("abc \N{SNOWMAN}\N{ETHIOPIC SYLLABLE HA}", k=rng.randint(0, 1300)))
             for _ in range(CASES)]
    browsers = [push_crypto.Browser() for _ in texts]
    answers = ask(*({"what": "encrypt", "text": text, "auth": browser.auth,
                     "p256dh": browser.p256dh} for browser, text in zip(browsers, texts)))
    bodies = [push_crypto.decoded(answer) for answer in answers]
    assert len({body[:16] for body in bodies}) == CASES
    assert [browser.read(body) for browser, body in zip(browsers, bodies)] == texts


def test_vapid_names_the_sender():
    key = push_crypto.ec_key()
    call = {"what": "vapid", "pem": push_crypto.pem_of(key), "origin": "https://push.example",
            "subject": "mailto:push@example.com", "now": 1796000000, "lifetime": 43200}
    scheme, token, point = ask(call)[0].split()
    assert scheme == "vapid" and token.startswith("t=") and token.endswith(",")
    assert point == "k=" + push_crypto.coded(push_crypto.point_of(key))
    assert push_crypto.verified(token[2:-1], key.public_key()) == (
        {"alg": "ES256", "typ": "JWT"},
        {"aud": "https://push.example", "exp": 1796043200, "sub": "mailto:push@example.com"})


if __name__ == "__main__":
    result = pytest.main(["-q", "-p", "no:cacheprovider", __file__])
    sys.exit(77 if result == pytest.ExitCode.NO_TESTS_COLLECTED else result)  # 77: skipped
