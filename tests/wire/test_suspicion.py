"""Proofs that are asked for after suspicion: docs/ACCOUNTS.md, "Proofs"."""
import hashlib
import http.server
import json
import threading
import urllib.parse

import pytest

from harness.shop import Shop, fresh, refused

WRONG = "a wrong password"


def worked(proof):
    """What X-Proof must have."""
    number = 0
    while True:
        text = f"{proof['challenge']}.{number}"
        hashed = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
        if hashed >> (256 - proof["bits"]) == 0:
            return text
        number += 1


def tries(who, operation, body, proof=None):
    return who.call(operation, token=None, body=body, headers={"X-Proof": proof} if proof else {})


def somebody(shop):
    """Who does not wait until limits end."""
    who = shop.anonymous()
    who.patient = False
    return who


def suspicious(who, operation, body):
    """The proof that is asked for after five tries."""
    for _ in range(5):
        assert tries(who, operation, body).status_code != 403
    return refused(tries(who, operation, body), 403, "proof_required")["proof"]


@pytest.fixture(scope="module")
def bodies():
    return {"login": lambda email: {"email": email, "password": WRONG},
            "registerAccount": lambda email: {"email": email, "password": "Wombat 12 Lamp",
                                              "name": "A"},
            "requestPasswordReset": lambda email: {"email": email}}


def test_work_is_asked_for_after_some_tries_and_is_good_for_these_alone(own_server, bodies):
    shop = Shop(own_server(SEBEZ_PROOF="work"))
    owner, who = shop.customer(), somebody(shop)
    email, nobody = owner.account["email"], fresh("nobody") + "@example.com"
    asked = [suspicious(who, "login", bodies["login"](each)) for each in (email, nobody)]
    assert [sorted(proof) for proof in asked] == 2 * [["bits", "challenge", "kind"]]
    assert asked[0]["kind"] == "work"
    proof = worked(asked[0])
    refused(tries(who, "login", bodies["login"](email), proof), 401, "bad_credentials")
    answer = tries(who, "login", {"email": email, "password": owner.password}, proof)
    assert answer.status_code == 200
    counter = int(proof.rpartition(".")[2])
    for bad in (asked[0]["challenge"] + f".{counter + 1}" * 2, proof[1:], proof + "x", "x", ".1",
                asked[0]["challenge"] + ".", "A" + proof, 5000 * "1"):
        answer = tries(who, "login", bodies["login"](email), bad)
        assert answer.status_code in (400, 403), bad
    refused(tries(who, "login", bodies["login"](nobody), proof), 403, "proof_required")
    suspicious(who, "requestPasswordReset", {"email": email})
    refused(tries(who, "requestPasswordReset", {"email": email}, proof), 403, "proof_required")
    refused(tries(somebody(shop), "login", bodies["login"](email)), 403, "proof_required")


def test_each_of_the_operations_asks_and_without_the_setting_none(own_server, shop, bodies):
    shop_with = Shop(own_server(SEBEZ_PROOF="work"))
    for operation, body in bodies.items():
        email = fresh("somebody") + "@example.com"
        who = somebody(shop_with)
        proof = suspicious(who, operation, body(email))
        answer = tries(who, operation, body(email), worked(proof))
        assert answer.status_code != 403
        for _ in range(6):
            assert tries(somebody(shop), operation, body(email)).status_code != 403


class Service:
    """Turnstile: takes "good" from whoever has the secret; `fails`: answers with 500."""

    def __init__(self):
        self.asked, self.fails = [], False
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = dict(urllib.parse.parse_qsl(body))
                service.asked.append(form)
                good = form["response"] == "good" and form["secret"] == "s3cret"
                text = json.dumps({"success": good}).encode()
                self.send_response(500 if service.fails else 200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/siteverify"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_a_service_verifies_its_challenges_and_keeps_nobody_out_when_it_is_down(own_server, bodies):
    service = Service()
    shop = Shop(own_server(SEBEZ_PROOF="turnstile", SEBEZ_PROOF_SITE_KEY="site",
                           SEBEZ_PROOF_SECRET="s3cret", SEBEZ_PROOF_URL=service.url,
                           SEBEZ_ALLOWED_NETWORKS="127.0.0.0/8"))
    who, body = somebody(shop), bodies["login"](shop.customer().account["email"])
    assert suspicious(who, "login", body) == {"kind": "turnstile", "site_key": "site"}
    refused(tries(who, "login", body, "bad"), 403, "proof_required")
    refused(tries(who, "login", body, "good"), 401, "bad_credentials")
    assert [form["response"] for form in service.asked] == ["bad", "good"]
    service.fails = True
    refused(tries(who, "login", body, "bad"), 401, "bad_credentials")
    service.server.shutdown()
    service.server.server_close()
